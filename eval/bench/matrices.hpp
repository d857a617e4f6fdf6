// A benchmark at a glance: tables of methods by defences, and by the share of pictures that is protected.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <t2ue/eval/bench/runner.hpp>
#include <t2ue/eval/bench/table.hpp>
#include <t2ue/report/text_table.hpp>

namespace t2ue {

/// Whose score a matrix shows: of the epoch selected on validation data, for which an attacker needs clean
/// pictures, or of the last one, which most published figures are of.
enum class ScoredEpoch { selected, last };

/// Headline metric (its mean over seeds) of every method under every defence of one victim and ratio,
/// published figures in brackets; the plan's first headline metric.
TextTable defence_matrix(const BenchRunner& runner, std::span<const BenchTable> tables,
                         const std::string& victim, double ratio, ScoredEpoch epoch = ScoredEpoch::selected);

/// The same at every ratio under one defence.
TextTable ratio_matrix(const BenchRunner& runner, std::span<const BenchTable> tables,
                       const std::string& victim, const std::string& defence,
                       ScoredEpoch epoch = ScoredEpoch::selected);

/// What a plan of several defences or ratios is run for: each of its matrices, for both epochs.
std::vector<TextTable> matrices(const BenchRunner& runner, std::span<const BenchTable> tables);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/bench/matrices.inl.hpp>
#endif
