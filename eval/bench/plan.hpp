// What `t2ue bench` runs: a matrix of methods, budgets, victims, defences, ratios and seeds on one data set.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/core/fields.hpp>
#include <t2ue/methods/train_context.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/optim/named_recipes.hpp>
#include <t2ue/training/classifier_start.hpp>

namespace t2ue {

/// A mistake in a plan. `path` says where: "methods[2].eps".
class PlanError : public Error {
 public:
  PlanError(std::string where, const std::string& what)
      : Error("[plan] " + where + ": " + what), path(std::move(where)) {}
  std::string path;
};

/// One part of the data: a path and, where the data set has several, the name of a split.
struct PlanPart {
  std::string path, split;
};

/// A part as plans give it: a path, or a table with "path" and "split".
std::shared_ptr<FieldValue> field_of(PlanPart& part);

struct PlanData {
  PlanPart train, test;
  PlanPart validation;          ///< empty path: a share of the test part
  PlanPart apart;               ///< pictures that methods may train on and victims do not; empty path: none
  double apart_share = 0;       ///< 0..0.9 of the training part, drawn by seed 0, instead of `apart`
  bool all_captions = false;    ///< noise is made from joined_captions(), not from the first caption
  std::string recaptioned;      ///< captions under "recaption": a list or data set with the training keys
  double validation_share = 0;  ///< 0..0.9; drawn by seed 0, the same in every cell
  int size = 32;                ///< pictures are size x size
  int64_t limit = 0;            ///< only so many training pictures, drawn by seed 0; 0: all
  int classes = 0;              ///< only pictures of the first so many classes; 0: of all

  void fields(FieldList& f) {
    f("train", field_of(train), "Pictures that methods protect and victims train on").must_be_given();
    f("test", field_of(test), "Pictures that victims are measured on").must_be_given();
    f("validation", field_of(validation), "Pictures that choose an epoch");
    f("validation_share", validation_share, in_range(0, 0.9), "Of the test part, instead of validation");
    f("apart", field_of(apart), "Pictures that methods may train on and victims do not");
    f("apart_share", apart_share, in_range(0, 0.9), "Of the training part, instead of apart");
    f("all_captions", all_captions, "Noise is made from all captions of a picture");
    f("recaptioned", recaptioned, "Captions for the defence recaption");
    f("size", size, in_range(8, 1024), "Side of the pictures");
    f("limit", limit, in_range(0, int64_t{1} << 40), "Only so many training pictures; 0: all");
    f("classes", classes, in_range(0, 1 << 20), "Only pictures of the first so many classes; 0: of all");
  }
  void validate() const;
};

/// A method with its budgets and options. In tables it is a row a budget.
struct PlanMethod {
  std::string label;           ///< its name in tables
  std::string method;          ///< "clean", "shuffled", or a name of method_names()
  std::vector<int> eps_steps;  ///< budgets in steps of 1/255; 0: the method's own, and clean
  nlohmann::json options;      ///< the method's own; an object
  std::string of;              ///< shuffled: the label of the method whose noise is dealt out wrongly
  bool control = false;        ///< noise that should not protect

  /// Those that `method` has, which is read before them.
  void fields(FieldList& f);
};

/// What somebody else published for a row, shown beside ours; nothing is computed from it.
struct PublishedFigure {
  std::string row;                    ///< label of the row
  std::optional<int> eps_steps;       ///< without: of whichever budget
  std::optional<std::string> victim;  ///< without: of whichever victim
  std::string defence = "none";
  double ratio = 1;
  std::map<std::string, double> scores;  ///< by the metric's name: "top-1", "Hit@10 I2T", "MedR T2I"

  void fields(FieldList& f);
};

/// A model and how it is trained. The recipe's seed is the cell's.
struct PlanVictim {
  std::string name;
  ClipConfig clip;              ///< image-text
  ClassifierConfig classifier;  ///< classes; its outputs are set from the data
  ClassifierStart start;        ///< classes; a relative path is the plan's
  TrainRecipe recipe;
  nlohmann::json config;  ///< of the model and its start, as they go into the recipe hash
};

struct BenchPlan {
  std::string title;
  LearningTask task = LearningTask::image_text;
  PlanData data;
  std::vector<PlanMethod> methods;
  std::vector<PlanVictim> victims;
  std::vector<std::string> defences{"none"};
  std::vector<double> ratios{1.0};  ///< shares of the training pictures that are protected
  std::vector<uint64_t> seeds{1};
  std::string published_in;  ///< where the published figures stand: "arXiv 2508.03091, Table 2"
  std::vector<PublishedFigure> published;
};

/// The plan's method of that label; null if there is none.
const PlanMethod* find_method(const BenchPlan& plan, const std::string& label);

/// Checks a whole plan before anything runs. PlanError for an unknown key, a value out of range, an unknown
/// method or defence, a row that is there twice, a method that the task cannot feed, shuffled noise of a row
/// that is not there, or published figures of a row, victim or metric that is not. Options of methods are
/// checked by `check_method`, called with each row.
BenchPlan bench_plan_from_json(const nlohmann::json& json,
                               const std::function<void(const PlanMethod&, const BenchPlan&)>& check_method);

/// One cell of the matrix.
struct BenchCell {
  size_t method = 0;  ///< index into BenchPlan::methods
  int eps_steps = 0;
  size_t victim = 0;
  std::string defence;
  double ratio = 1;
  uint64_t seed = 1;
};

/// All cells in the plan's order: victims, defences and ratios outermost, so that a table's rows come
/// together. Clean rows have one cell a seed whatever the budgets, and none at a ratio below 1 but the one
/// that trains on what is left unprotected.
std::vector<BenchCell> cells_of(const BenchPlan& plan);

/// "t2ue eps 8, resnet, gray, ratio 0.8, seed 3".
std::string describe(const BenchPlan& plan, const BenchCell& cell);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/bench/plan.inl.hpp>
#endif
