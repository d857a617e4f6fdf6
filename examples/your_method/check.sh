#!/bin/sh
# Runs both programs from the folder that they were built in, and looks for the method where it must be.
set -e
./try_out tried | tee tried.txt
grep -q first_letter tried.txt
./my_t2ue methods | grep first_letter
./my_t2ue methods first_letter | grep "grid = 4"
rm -rf noise
./my_t2ue noise --method first_letter --options '{"grid": 2}' --captions tried/train --size 16x16 --out noise
printf '%s\n' 'title = "by the program"' 'task = "classes"' 'data = {train = "train", test = "test", validation_share = 0.25, size = 16}' \
  'victims = [{name = "v", model = {widths = [8], blocks = [1]}, recipe = {epochs = 1, batch = 8}}]' \
  'methods = [{method = "clean"}, {method = "first_letter", eps = 8}]' > plan.toml
./my_t2ue bench plan.toml --data tried --out benched | grep first_letter
