// Writes what a benchmark found: tables over seeds, with controls, in every format, and a page with curves.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/eval/bench/runner.hpp>
#include <t2ue/eval/bench/table.hpp>
#include <t2ue/report/results_table.hpp>
#include <t2ue/report/text_table.hpp>

namespace t2ue {

/// Whether clean training taught too little for a table to mean anything: the mean over seeds of the clean
/// row's headline metrics lies below 5 times chance (image-text), or less than a quarter of the way from
/// chance to 100 % (classes). Pitfalls 24, 25 and 34 of docs/honesty.md. False without a clean row.
bool weak_clean(const ResultsTable& table, LearningTask task);

/// Tables in the plan's order. `results` must outlive them.
std::vector<BenchTable> tables_of(const BenchRunner& runner, std::span<const CellResult> results);

/// One row a method and budget: mean and standard deviation over seeds of every metric at the epoch selected
/// on validation data, beside it what the plan says others published, and the effects over controls. Failed
/// cells are notes, a weak clean model is one.
TextTable summary_table(const BenchPlan& plan, const BenchTable& table);

/// The same rows: headline metrics at the last and the best epoch, the measured noise, one-off cost, cost a
/// picture, and the number of pictures from which a one-off cost is paid back.
TextTable detail_table(const BenchTable& table);

/// Writes results.jsonl (a line a cell), results.csv, results.md, results.tex and report.html into `folder`.
/// Returns the tables as text for a terminal.
std::string write_summary(const BenchRunner& runner, std::span<const CellResult> results,
                          const std::filesystem::path& folder);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/bench/summary.inl.hpp>
#endif
