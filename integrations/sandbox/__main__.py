from integrations.sandbox.service import main

main()
