#!/usr/bin/env bash
# check_peers.sh GPU_STEP_BENCH OUTPUT.json: tiny steps of t2ue and of PyTorch on the CPU agree. 77: there is no PyTorch.
set -euo pipefail
export PYTHONDONTWRITEBYTECODE=1
/usr/bin/python3 -c 'import torch' 2>/dev/null || { echo 'skipped: /usr/bin/python3 has no torch (make install-bench-deps)'; exit 77; }
/usr/bin/python3 "$(dirname "$0")/gpu_vs_pytorch.py" "$1" "$2" --tiny
