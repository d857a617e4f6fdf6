// `t2ue evaluate`: how well models do on clean pictures.
#include "evaluate.hpp"

namespace t2ue::apps {

void add_evaluate_commands(CLI::App& app, Globals& globals) {
  CLI::App& evaluate = *app.add_subcommand("evaluate", "Measure models on clean pictures");
  evaluate.require_subcommand(1);
  evaluate.footer("Example:\n  t2ue evaluate retrieval --help");
  add_evaluate_retrieval(evaluate, globals);
  add_evaluate_zero_shot(evaluate, globals);
  add_evaluate_classifier(evaluate, globals);
}

}  // namespace t2ue::apps
