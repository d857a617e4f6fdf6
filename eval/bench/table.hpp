// The results of cells that may be compared.
#pragma once

#include <string>
#include <vector>

#include <t2ue/eval/bench/runner.hpp>
#include <t2ue/report/results_table.hpp>

namespace t2ue {

/// The cells of one victim, defence and ratio: one recipe, and so one table.
struct BenchTable {
  std::string title;
  std::string victim, defence;
  double ratio = 1;
  ResultsTable results;  ///< one row a method, budget and seed
  std::vector<const CellResult*> done, failed;
  bool weak_clean = false;  ///< see weak_clean()
};

}  // namespace t2ue
