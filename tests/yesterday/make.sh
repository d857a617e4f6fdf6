#!/bin/sh
# Makes files/ anew with an older t2ue: make.sh PROGRAM OUT. See README.txt.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=$1
mkdir "$2"
cp "$here"/inputs/* "$2"
python3 "$here/pictures.py" "$2"
cd "$2"
mkdir said
# t2ue NAME COMMAND...: what it says goes to said/NAME.json.
t2ue() { name=$1; shift; OMP_NUM_THREADS=1 "$program" "$@" --json > "said/$name.json"; }

# A checkpoint is written once before the last step, so what is left of it is the middle of a run.
for kind in clip classifier generator patterns; do
  t2ue train-$kind train $kind --config flags.toml --out $kind.safetensors --checkpoint $kind.checkpoint
done
t2ue noise noise --config flags.toml --out noise
t2ue noise-patterns noise --method word_patterns --options '{"patterns": "patterns.safetensors"}' --captions captions.jsonl \
  --size 8x8 --out noise-patterns
t2ue apply apply --config flags.toml --out published
t2ue audit audit --config flags.toml
t2ue evaluate-retrieval evaluate retrieval --config flags.toml
t2ue evaluate-classifier evaluate classifier --config flags.toml
# Half of the shards, as a run that was killed leaves them; and the manifest alone of all.
t2ue shards noise-shards --config flags.toml --out shards --world 2 --rank 0
t2ue again noise-shards --config flags.toml --out again --manifest-only
for plan in captions classes; do
  t2ue bench-$plan bench $plan.plan.toml --data . --out tables-$plan --store store --threads 1 --device cpu
done
# Cells and what rows trained are what later runs look for; of the protected pictures those of one row stay.
grep -L '"method":"t2ue"' store/protected-*/noise/manifest.jsonl | xargs dirname | xargs dirname | xargs rm -r
rm -r tables-* store/pictures-* store/locks shards/.lock* again/.lock*
gzip -n9 ./*.checkpoint
