"""`make bench`: stages of all pipelines, beside what one would take instead."""

from benchmarks.bench import main

if __name__ == "__main__":
    main()
