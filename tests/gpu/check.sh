#!/usr/bin/env bash
# Checks t2ue on this machine's GPU: the tests that use it, the same under compute-sanitizer, a quick benchmark, and
# whole steps beside PyTorch's where its python3 has that.
#   check.sh [--bin DIR] [--out FILE.json] [--only tests,memcheck,racecheck,initcheck,benchmark,peers]
#            [--filter GTEST_FILTER] [--limit SECONDS] [--within SECONDS]
# DIR holds the built programs: a build folder, or `bin` of the bundle (the default beside this script). The parts run in
# the order in which --only names them. --filter chooses the op tests that run under compute-sanitizer, --limit is the most
# that one line of the table may take, --within the most of all together: what does not begin in time is skipped.
# Exit codes: 0 all that ran passed, 1 something failed, 2 bad usage, 3 no usable GPU. What is missing is "skipped".
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
bin=$here/bin out=out/gpu-check.json only=tests,memcheck,racecheck,initcheck,benchmark,peers filter='*' limit=900 within=86400
while [ $# -gt 0 ]; do
  case $1 in
    --bin | --out | --only | --filter | --limit | --within)
      [ $# -ge 2 ] || { echo "check.sh: $1 needs a value" >&2; exit 2; }
      declare "${1#--}=$2"
      shift 2 ;;
    *) echo "check.sh: unknown argument '$1'; see the top of $0" >&2; exit 2 ;;
  esac
done
case ",$only," in
  ,,) echo 'check.sh: --only names nothing' >&2; exit 2 ;;
esac
for part in ${only//,/ }; do
  case $part in
    tests | memcheck | racecheck | initcheck | benchmark | peers) ;;
    *) echo "check.sh: --only knows no '$part'" >&2; exit 2 ;;
  esac
done
program() {  # program NAME: its path, wherever a build or a bundle has it
  local folder
  for folder in . tests apps benchmarks; do
    if [ -x "$bin/$folder/$1" ]; then echo "$bin/$folder/$1"; return 0; fi
  done
  return 1
}

# cuBLASLt and cuDNN come from the machine; where they are in no folder that the loader knows, look in the usual ones.
python_site=$(python3 -c 'import site; print(" ".join(site.getsitepackages()))' 2>/dev/null)
add_libraries() {  # add_libraries NAME
  local folder
  if ldconfig -p 2>/dev/null | grep -q "$1"; then return; fi
  for folder in /usr/local/cuda*/lib64 /usr/local/cuda*/lib /usr/local/cuda*/targets/x86_64-linux/lib \
    /usr/lib/x86_64-linux-gnu $(for site in $python_site; do echo "$site"/nvidia/*/lib; done); do
    if [ -e "$folder/$1" ]; then
      LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder
      return
    fi
  done
}
t2ue=$(program t2ue) || { echo "check.sh: there is no program t2ue in $bin; say where with --bin" >&2; exit 2; }
# They are loaded when they are first needed: ldd does not list them, but the program names them.
for library in $(grep -aoE 'lib(cublasLt|cudnn)\.so\.[0-9]+' "$t2ue" | sort -u); do add_libraries "$library"; done
export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:-}

if ! devices=$("$t2ue" devices 2>&1); then
  printf 'check.sh: t2ue does not start here:\n%s\n' "$devices" >&2
  exit 3
fi
echo "$devices"
if ! grep -q '^cuda:0' <<<"$devices" || grep -q '^CUDA is not used' <<<"$devices"; then
  echo 'check.sh: nothing was checked: there is no GPU here that t2ue can use.' >&2
  exit 3
fi

folder=$(dirname "$out")
logs=$folder/gpu-check-logs
mkdir -p "$logs"
rows=() failed=0
escape() { sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/\t/ /g' <<<"$1" | tr -d '\r' | sed -e ':a' -e 'N' -e '$!ba' -e 's/\n/\\n/g'; }

row() {  # row WHAT STATUS SECONDS DETAIL
  printf '%-24s %-8s %6s s  %s\n' "$1" "$2" "$3" "$4"
  rows+=("{\"what\": \"$(escape "$1")\", \"status\": \"$2\", \"seconds\": $3, \"detail\": \"$(escape "$4")\"}")
  case $2 in passed | skipped) ;; *) failed=1 ;; esac
}

# How long a line may take: nothing if there is no time left.
time_left() { local left=$((within - SECONDS)); [ $left -gt 0 ] && echo $((left < limit ? left : limit)); }

# run WHAT COMMAND...: a row from how a GoogleTest program ended; its output goes to a log.
run() {
  local what=$1 start=$SECONDS code=0 log status=passed detail
  shift
  log=$logs/${what// /_}.log
  local most
  if ! most=$(time_left); then row "$what" skipped 0 'no time was left'; return; fi
  timeout "$most" "$@" >"$log" 2>&1 || code=$?
  detail=$(sed -n -e 's/^\[  PASSED  \] \([0-9]*\) tests\{0,1\}\.$/\1 passed/p' \
    -e 's/^\[  SKIPPED \] \([0-9]*\) tests\{0,1\}, listed.*/\1 skipped/p' \
    -e 's/^\[  FAILED  \] \([0-9]*\) tests\{0,1\}, listed.*/\1 failed/p' \
    -e 's/^=* *\(ERROR SUMMARY: .*\)/\1/p' -e 's/^=* *\(RACECHECK SUMMARY: .*\)/\1/p' "$log" | paste -sd, | sed 's/,/, /g')
  if [ "$code" = 124 ]; then
    status=failed detail="not finished in $most s${detail:+, $detail}"
  elif [ "$code" != 0 ]; then
    status=failed detail="exit code $code, see $log${detail:+, $detail}"
  elif ! grep -Eq '[1-9][0-9]* passed' <<<"$detail"; then
    status=failed detail="no test ran${detail:+, $detail}"
  fi
  row "$what" "$status" $((SECONDS - start)) "$detail"
}

check_tests() {
  local test path
  for test in test_cuda test_ops test_plan test_optim test_training; do
    if path=$(program "$test"); then
      T2UE_TEST_ON=cuda T2UE_DEVICE_PROPERTIES=$logs/device-properties.json run "$test" "$path"
    else
      row "$test" skipped 0 'was not built'
    fi
  done
}

sanitizer=$(command -v compute-sanitizer || ls /usr/local/cuda*/bin/compute-sanitizer \
  /usr/local/cuda*/compute-sanitizer/compute-sanitizer 2>/dev/null | head -n1)
check_sanitizer() {  # check_sanitizer TOOL
  local path
  if [ -z "$sanitizer" ]; then
    row "$1" skipped 0 'compute-sanitizer was not found'
  elif ! path=$(program test_ops); then
    row "$1" skipped 0 'test_ops was not built'
  else
    # memcheck looks at every kernel; the two others at ours, not at those of cuBLASLt and cuDNN.
    local ours=()
    [ "$1" = memcheck ] || ours=(--kernel-regex kns=t2ue)
    T2UE_TEST_ON=cuda run "$1" "$sanitizer" --tool "$1" --error-exitcode 86 --launch-timeout 60 "${ours[@]}" \
      "$path" --gtest_filter="$filter"
  fi
}

benchmark=null
check_benchmark() {
  local path start=$SECONDS code=0 most
  if ! path=$(program gpu_step_bench); then row benchmark skipped 0 'gpu_step_bench was not built'; return; fi
  if ! most=$(time_left); then row benchmark skipped 0 'no time was left'; return; fi
  timeout "$most" "$path" --device cuda --quick >"$logs/benchmark.json" 2>"$logs/benchmark.log" || code=$?
  if [ $code = 0 ]; then
    benchmark=$(cat "$logs/benchmark.json")
    row benchmark passed $((SECONDS - start)) "$logs/benchmark.json"
    sed -n 's/^{"what":"\([^"]*\)","ms":\([0-9.e+-]*\).*/  \1: \2 ms/p' "$logs/benchmark.json"
  else
    row benchmark failed $((SECONDS - start)) "exit code $code: $(tail -n1 "$logs/benchmark.log")"
  fi
}

check_peers() {
  local path script start=$SECONDS code=0 most out=$folder/gpu-vs-pytorch.json
  for script in "$here/benchmarks/gpu_vs_pytorch.py" "$here/../../benchmarks/gpu_vs_pytorch.py"; do
    [ -e "$script" ] && break
  done
  if ! path=$(program gpu_step_bench); then row peers skipped 0 'gpu_step_bench was not built'; return; fi
  if ! python3 -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
    row peers skipped 0 'python3 has no PyTorch that sees a GPU'
    return
  fi
  if ! most=$(time_left); then row peers skipped 0 'no time was left'; return; fi
  [ ! -e "$here/COMMIT" ] || export T2UE_COMMIT=$(cat "$here/COMMIT")
  # It ends by itself in time, and is stopped a minute later if it does not.
  PYTHONUNBUFFERED=1 timeout $((most + 60)) python3 "$script" "$path" "$out" --within "$most" \
    >"$logs/peers.log" 2>&1 || code=$?
  cat "$logs/peers.log"
  if [ $code = 0 ]; then row peers passed $((SECONDS - start)) "$out"
  else row peers failed $((SECONDS - start)) "exit code $code: $(tail -n1 "$logs/peers.log")"; fi
}

echo
for part in ${only//,/ }; do
  case $part in
    memcheck | racecheck | initcheck) check_sanitizer "$part" ;;
    *) "check_$part" ;;
  esac
done

{
  echo '{'
  echo "\"date\": \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\","
  echo "\"devices\": $("$t2ue" devices --json),"
  echo "\"clocks\": \"$(escape "$(nvidia-smi --query-gpu=clocks.sm,clocks.mem,clocks.max.sm,power.limit --format=csv,noheader 2>/dev/null)")\","
  echo "\"only\": \"$only\", \"sanitizer_filter\": \"$(escape "$filter")\","
  echo '"rows": ['
  for ((i = 0; i < ${#rows[@]}; ++i)); do
    [ $((i + 1)) = ${#rows[@]} ] && comma= || comma=,
    echo "  ${rows[$i]}$comma"
  done
  echo '],'
  echo "\"benchmark\": $benchmark,"
  [ $failed = 0 ] && echo '"passed": true' || echo '"passed": false'
  echo '}'
} >"$out.new" && mv "$out.new" "$out"
echo
[ $failed = 0 ] && echo "All that ran passed: $out" || echo "Something failed: $out, logs in $logs"
exit $failed
