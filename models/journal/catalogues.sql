-- add: the catalogue that is in force from now on, unless another engine was quicker
insert into catalogue (number, digest, entries, since)
values (:number, :digest, :entries, :since) on conflict do nothing;
