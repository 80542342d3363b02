from integrations.engine.service import main

main()
