// An identity provider for tests: `node provider.mjs PORT REDIRECT_URL`. Whoever signs in with any password is known by
// the address given; groups are what GROUPS (JSON by address) says. An address that begins with "brief" gets a token
// that ends after three seconds.
import { Provider } from 'oidc-provider';

const [port, redirect] = process.argv.slice(2);
const groups = JSON.parse(process.env.GROUPS);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: 'tieout',
    client_secret: 'a-secret-of-this-test-alone',
    redirect_uris: [redirect],
    post_logout_redirect_uris: [redirect],
  }],
  scopes: ['openid', 'profile', 'email', 'groups'],
  claims: { openid: ['sub'], profile: ['name'], email: ['email'], groups: ['groups'] },
  conformIdTokenClaims: false,
  cookies: { keys: ['a key of this test alone'] },
  ttl: {
    AccessToken: 600, Grant: 600, Interaction: 600, Session: 600,
    IdToken: (context) => (context.oidc.account?.accountId.startsWith('brief') ? 3 : 600),
  },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: id, email: id, groups: groups[id] ?? [] }),
  }),
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
