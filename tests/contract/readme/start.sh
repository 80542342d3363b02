make demo     # installs the locked packages once, then runs a whole firm: http://127.0.0.1:8501
make test     # lints, type-checks and tests everything, real processes and a browser included
