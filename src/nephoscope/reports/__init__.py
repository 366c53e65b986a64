"""Reports of evaluations: scores for machines, words, tables and figures for people."""
