#!/usr/bin/env bash
# check.sh over stand-ins for the programs: what it calls passed, failed and skipped. Usage: check_test.sh CHECK FOLDER
set -euo pipefail
check=$1 folder=$2
rm -rf "$folder"
mkdir -p "$folder/bin"
cd "$folder"

stand_in() { printf '#!/bin/sh\n%s\n' "$2" >"$1"; chmod +x "$1"; }
expect() {  # expect EXIT_CODE PATTERN ARGUMENT...: what check.sh prints, on one line, matches
  local code=0 output wanted=$1 pattern=$2
  shift 2
  output=$(PATH=$PWD/tools:/usr/bin:/bin "$check" --bin bin --out check.json "$@" 2>&1) || code=$?
  if [ "$code" != "$wanted" ] || ! grep -Eq "$pattern" <<<"${output//$'\n'/ }"; then
    printf 'exit code %s, expected %s and "%s":\n%s\n' "$code" "$wanted" "$pattern" "$output"
    exit 1
  fi
}

expect 2 'no program t2ue'
stand_in bin/t2ue 'echo "cpu 2 threads"; echo "CUDA is not used: none here"'
expect 3 'CUDA is not used: none here.*nothing was checked'
stand_in bin/t2ue '[ "$2" = --json ] && echo "{\"cuda\": {}}" || echo "cuda:0  A GPU"'
expect 2 "knows no 'everything'" --only everything
expect 0 'test_ops +skipped .* was not built.*memcheck +skipped .*compute-sanitizer was not found' --only tests,memcheck
stand_in bin/test_ops 'echo "[  PASSED  ] 2 tests."; echo "[  SKIPPED ] 1 test, listed below:"; echo "on $T2UE_TEST_ON" >&2'
expect 0 'test_ops +passed +[0-9]+ s +2 passed, 1 skipped.*All that ran passed' --only tests
grep -q '"passed": true' check.json
grep -q 'on cuda' gpu-check-logs/test_ops.log
stand_in bin/test_plan 'echo "[  PASSED  ] 0 tests."'
expect 1 'test_plan +failed .*no test ran.*Something failed' --only tests
grep -q '"passed": false' check.json
stand_in bin/test_plan 'echo "[  PASSED  ] 3 tests."; echo "[  FAILED  ] 1 test, listed below:"; exit 1'
expect 1 'test_plan +failed .*exit code 1.*3 passed, 1 failed' --only tests
stand_in bin/test_plan 'sleep 9'
expect 1 'test_plan +failed .*not finished in 1 s' --only tests --limit 1
mkdir tools
stand_in tools/compute-sanitizer 'echo "[  PASSED  ] 2 tests."; echo "========= ERROR SUMMARY: 4 errors"; exit 86'
expect 1 'memcheck +failed .*exit code 86.*ERROR SUMMARY: 4 errors' --only memcheck
stand_in bin/gpu_step_bench 'exit 4'
expect 1 'benchmark +failed .*exit code 4' --only benchmark
stand_in bin/gpu_step_bench 'printf "{\"rows\":[\n{\"what\":\"a step\",\"ms\":1.25,\"batch\":4}\n]}\n"'
expect 0 'benchmark +passed .*a step: 1.25 ms' --only benchmark
grep -q '"what":"a step"' check.json
expect 0 'peers +skipped .*python3 has no PyTorch that sees a GPU' --only peers
stand_in tools/python3 'case $1 in -c) exit 0 ;; *gpu_vs_pytorch.py) echo "t2ue_step agrees, within $5"; exit 0 ;; esac'
expect 0 't2ue_step agrees, within [0-9]+.*peers +passed' --only peers --limit 50
expect 0 'benchmark +skipped .*no time was left.*peers +skipped .*no time was left' --only benchmark,peers --within 0
stand_in bin/test_plan 'echo "[  PASSED  ] 3 tests."'
expect 0 'benchmark .*test_plan ' --only benchmark,tests
