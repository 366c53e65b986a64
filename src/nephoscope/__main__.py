"""`python -m nephoscope` is the command `nephoscope`."""

from nephoscope.cli import main

main()
