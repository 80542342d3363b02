from collectors.service import main

main()
