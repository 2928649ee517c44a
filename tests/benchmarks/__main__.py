"""`python -m tests.benchmarks NAME ...`: one benchmark, or all of those that need no GPU."""
import importlib
import sys

NAMES = {"overhead": "overhead", "conv": "conv", "ops": "ops", "step": "step", "infer": "infer", "memory": "memory",
         "import": "imports", "scaling": "scaling", "accuracy": "accuracy", "profile": "profile", "gpu": "gpu",
         "table": "table"}
ASKED_FOR = "profile", "gpu", "table"


def main(words):
    """Run the benchmark named first with the words after it, or all but ASKED_FOR. Returns the exit code."""
    if words and words[0] not in NAMES:
        print(f"There is no benchmark {words[0]!r}. Use one of {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    code = 0
    for name in words[:1] or [name for name in NAMES if name not in ASKED_FOR]:
        module = f"{__package__}.{NAMES[name]}"
        sys.argv = [module, *words[1:]]
        print(f"== {name}", flush=True)
        code = max(code, importlib.import_module(module).main() or 0)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
