// A weak symbol, which weak_symbols.sh must find.
[[gnu::noinline]] inline int Weak(int value) { return value + 1; }

int Strong(int value) { return Weak(value); }
