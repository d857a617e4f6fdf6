// `t2ue evaluate zero-shot`
#include <t2ue/eval/prompt_templates.hpp>
#include <t2ue/eval/zero_shot.hpp>
#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/optim/clip_file.hpp>
#include <t2ue/training/features.hpp>

#include "evaluate.hpp"

namespace t2ue::apps {

namespace {

struct ZeroShotOptions {
  EvaluationFlags flags;
  std::string prompt, file, set = "photo";
};

std::vector<std::string> templates_of(const ZeroShotOptions& options) {
  if (!options.prompt.empty()) {
    as_usage([&] { check_template(options.prompt); });
    return {options.prompt};
  }
  return options.file.empty() ? template_set(options.set) : read_templates(options.file);
}

Result evaluate_zero_shot(const ZeroShotOptions& options, const Globals& globals) {
  const EvaluationFlags& flags = options.flags;
  const Device device = device_named(flags.device);
  const std::vector<std::string> templates = templates_of(options);
  const LoadedClip clip = load_clip(flags.model, device);
  const ClipConfig& config = clip.config();
  const DatasetIndex index = open_part(flags.data, flags.dataset, flags.skip_bad, "test");
  check_labelled(index);
  const LoadedData data = load_data(flags.data, index, clip.tokenizer, config.image_size,
                                    config.text.context_length, flags.skip_bad, globals);
  CaptionEncoder encoder(config.text, clip.tokenizer, device);
  restore_clip(flags.model, encoder.parameters());
  const std::vector<std::string>& names = data.pairs.label_names;
  const std::vector<float> classes =
      class_embeddings(names, templates, config.text.embed_dim,
                       [&](std::span<const std::string> prompts) { return encoder.encode(prompts); });
  DatasetPass pictures(data.pairs, image_features(*clip.model), 64, {device});
  const ClassificationResult result =
      classification(class_scores(pictures.run(), classes, config.text.embed_dim), data.pairs.labels,
                     static_cast<int64_t>(names.size()), flags.bootstrap);
  nlohmann::json json = evaluation_json(to_json(result), flags, data);
  json.update({{"labels", names}, {"templates", templates}});
  return {json,
          concat(flags.model, " on ", data.pairs.count(), " pictures of ", flags.data,
                 skipped_text(data.skipped), ", ", names.size(), " classes, zero-shot by ", templates.size(),
                 templates.size() == 1 ? " template" : " templates", ", split ",
                 json.at("split").get<std::string>(), "\n", describe(result, names, flags.bootstrap)),
          0};
}

}  // namespace

void add_evaluate_zero_shot(CLI::App& evaluate, Globals& globals) {
  const auto options = std::make_shared<ZeroShotOptions>();
  CLI::App& command = add_command(
      evaluate, "zero-shot",
      "Accuracy of a CLIP that is asked for class names, top-1, top-5 and by class, beside chance",
      "evaluate zero-shot --model clip.safetensors --data cifar-10 --template-set varied", globals);
  add_evaluation_flags(command, options->flags, "Model file of `t2ue train clip`");
  CLI::Option* prompt =
      command.add_option("--prompt", options->prompt, "One template, as \"a photo of a {}\"");
  CLI::Option* file = command.add_option("--templates", options->file,
                                         "File with templates, one a line, {} where the class goes; a class "
                                         "is the mean of what they give");
  CLI::Option* set = command
                         .add_option("--template-set", options->set,
                                     "Built-in: photo (\"a photo of a {}.\") or varied (seven sentences)")
                         ->check(CLI::IsMember(template_set_names()))
                         ->capture_default_str();
  prompt->excludes(file)->excludes(set);
  file->excludes(set);
  command.callback([options, &globals] {
    globals.action = [options, &globals] { return evaluate_zero_shot(*options, globals); };
  });
}

}  // namespace t2ue::apps
