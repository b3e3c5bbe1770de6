"""`python -m seqzoo` is the command `seqzoo`."""

from seqzoo.cli import main

if __name__ == "__main__":
    main()
