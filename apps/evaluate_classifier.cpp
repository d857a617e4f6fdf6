// `t2ue evaluate classifier`
#include "classifier.hpp"

#include <t2ue/optim/classifier_file.hpp>
#include <t2ue/training/features.hpp>

namespace t2ue::apps {

LoadedData load_labelled(const std::string& path, const DatasetFlags& flags, int64_t size, bool skip_bad,
                         const std::string& otherwise, const Globals& globals) {
  const DatasetIndex index = open_part(path, flags, skip_bad, otherwise);
  check_labelled(index);
  // The loader wants a vocabulary; a classifier reads no token, so the smallest will do.
  constexpr int64_t shortest_context = 2;
  const BytePairTokenizer bytes = BytePairTokenizer::train({}, BytePairTokenizer::min_vocab_size);
  return load_data(path, index, bytes, size, shortest_context, skip_bad, globals);
}

Result evaluate_classifier(const EvaluationFlags& flags, const Globals& globals) {
  const Device device = device_named(flags.device);
  const LoadedClassifier classifier = load_classifier(flags.model, device);
  const LoadedData data =
      load_labelled(flags.data, flags.dataset, classifier.config.image_size, flags.skip_bad, "test", globals);
  const std::vector<int32_t> outputs = classifier.outputs_of(data.pairs.label_names);
  std::vector<int32_t> labels;
  for (const int32_t label : data.pairs.labels) labels.push_back(outputs[static_cast<size_t>(label)]);
  DatasetPass logits(data.pairs, class_logits(*classifier.model), 64, {device});
  const ClassificationResult result =
      classification(logits.run(), labels, classifier.config.outputs, flags.bootstrap);
  nlohmann::json json = evaluation_json(to_json(result), flags, data);
  json["labels"] = classifier.label_names;
  return {
      json,
      concat(flags.model, " on ", data.pairs.count(), " pictures of ", flags.data, skipped_text(data.skipped),
             ", ", classifier.label_names.size(), " classes, split ", json.at("split").get<std::string>(),
             "\n", describe(result, classifier.label_names, flags.bootstrap)),
      0};
}

void add_evaluate_classifier(CLI::App& evaluate, Globals& globals) {
  CLI::App& command = add_command(
      evaluate, "classifier", "Accuracy of a classifier, top-1, top-5 and by class, beside chance",
      "evaluate classifier --model classifier.safetensors --data cifar-10", globals);
  const auto flags = std::make_shared<EvaluationFlags>();
  add_evaluation_flags(command, *flags, "Model file of `t2ue train classifier`");
  command.callback([flags, &globals] {
    globals.action = [flags, &globals] { return evaluate_classifier(*flags, globals); };
  });
}

}  // namespace t2ue::apps
