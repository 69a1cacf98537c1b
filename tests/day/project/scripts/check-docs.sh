#!/bin/sh
# Every document is in the registry, and the registry names none that is missing.
status=0
for file in docs/*.md; do
    [ "$file" = docs/MODULE_REGISTRY.md ] && continue
    if ! grep -qF "$file" docs/MODULE_REGISTRY.md; then
        echo "docs/MODULE_REGISTRY.md:1: $file is not listed"
        status=1
    fi
done
for file in $(grep -o 'docs/[A-Z_]*\.md' docs/MODULE_REGISTRY.md); do
    if [ ! -f "$file" ]; then
        echo "docs/MODULE_REGISTRY.md:1: $file does not exist"
        status=1
    fi
done
exit $status
