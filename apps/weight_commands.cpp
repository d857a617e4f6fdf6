// `t2ue import` and `t2ue export`: CLIPs of open_clip, OpenAI and Hugging Face as model files, and back.
#include <t2ue/models/configs.hpp>
#include <t2ue/models/weights/clip_export.hpp>

#include "foreign_clip.hpp"
#include "training.hpp"

namespace t2ue::apps {

namespace {

struct ImportFlags {
  std::string clip, weights, vocabulary, out;
};

nlohmann::json to_json(const WeightReport& report) {
  nlohmann::json types = nlohmann::json::object();
  for (const auto& [type, count] : report.types) types[std::string(name_of(type))] = count;
  return {{"fits", report.fits()},           {"names", name_of(report.names)}, {"types", types},
          {"loaded", report.loaded},         {"resized", report.resized},      {"missing", report.missing},
          {"unexpected", report.unexpected}, {"unfit", report.unfit},          {"ignored", report.ignored}};
}

/// The tensors that do not fit, one a line; the JSON has them all.
std::string misfits(const WeightReport& report) {
  std::string text;
  const auto add = [&](const std::vector<std::string>& list, const std::string& what) {
    constexpr size_t shown = 20;
    for (size_t i = 0; i < std::min(list.size(), shown); ++i) text += "\n  " + what + ": " + list[i];
    if (list.size() > shown) text += concat("\n  ", what, ": and ", list.size() - shown, " more");
  };
  add(report.missing, "missing");
  add(report.unexpected, "unexpected");
  add(report.unfit, "does not fit");
  return text;
}

Result import_command(const ImportFlags& flags) {
  const ClipConfig config = as_usage([&] { return clip_config(flags.clip); });
  check_writable(flags.out);
  Clip model(config);
  ParameterSet parameters(model, 0, {}, Precision::fp32, ParameterUse::inference);
  const WeightReport report =
      compare_clip_weights(open_clip_weights(flags.weights), parameters, flags.weights);
  nlohmann::json json = to_json(report);
  if (!report.fits())
    return {
        std::move(json),
        concat("FAILED: ", flags.weights, " does not fit ", config.name, ": ", report.text(), misfits(report),
               "\nNothing was written; choose the configuration that the weights were ", "trained with"),
        1};
  const Tokenizer tokenizer = vocabulary_of_weights(flags.vocabulary, flags.weights, config);
  import_clip(flags.weights, parameters);
  const std::string sha256 = parameters.sha256();
  save_clip(flags.out, model, parameters, tokenizer,
            {{"imported", std::filesystem::path(flags.weights).filename().string()},
             {"names", json["names"]},
             {"types", json["types"]},
             {"sha256", sha256}});
  json.update({{"model", flags.out}, {"parameters", parameters.count()}, {"sha256", sha256}});
  return {std::move(json), concat(flags.out, ": ", config.name, ", ", report.text()), 0};
}

struct ExportFlags {
  std::string model, out, names = "open_clip";
};

Result export_command(const ExportFlags& flags) {
  const ClipNames names = flags.names == "open_clip" ? ClipNames::open_clip : ClipNames::hugging_face;
  const LoadedClip clip = load_clip(flags.model);
  export_clip(flags.out, *clip.model, *clip.parameters, names);
  const size_t tensors = SafetensorsFile(flags.out).tensors().size();
  return {{{"weights", flags.out},
           {"names", name_of(names)},
           {"tensors", tensors},
           {"clip", clip.config().name},
           {"sha256", clip.parameters->sha256()}},
          concat(flags.out, ": ", clip.config().name, ", ", tensors, " tensors under ", name_of(names),
                 "'s names"),
          0};
}

void add_import_clip(CLI::App& import, Globals& globals) {
  CLI::App& command = add_command(
      import, "clip", "Make published weights of a CLIP a model file; exit code 1 if they do not fit",
      "import clip --clip ViT-B-32-quickgelu --weights model.safetensors --vocab "
      "bpe_simple_vocab_16e6.txt.gz "
      "--out clip.safetensors",
      globals);
  const auto flags = std::make_shared<ImportFlags>();
  command
      .add_option(
          "--clip", flags->clip,
          "The configuration the weights were trained with, by name, or a .json file; OpenAI's weights "
          "are -quickgelu")
      ->required();
  command.add_option("--weights", flags->weights, weights_help())->required();
  command.add_option("--vocab", flags->vocabulary,
                     vocabulary_help() + "; without it what is beside the weights");
  command.add_option("--out", flags->out, "Model file to write (.safetensors)")->required();
  command.callback([flags, &globals] { globals.action = [flags] { return import_command(*flags); }; });
}

void add_export_clip(CLI::App& parent, Globals& globals) {
  CLI::App& command =
      add_command(parent, "clip", "Write a model file's weights for open_clip or Hugging Face",
                  "export clip --model clip.safetensors --out open_clip.safetensors", globals);
  const auto flags = std::make_shared<ExportFlags>();
  command.add_option("--model", flags->model, "Model file of a CLIP")->required();
  command.add_option("--out", flags->out, "File to write (.safetensors)")->required();
  command.add_option("--names", flags->names, "Whose names and layouts: open_clip or hugging-face")
      ->check(CLI::IsMember({"open_clip", "hugging-face"}))
      ->capture_default_str();
  command.callback([flags, &globals] { globals.action = [flags] { return export_command(*flags); }; });
}

}  // namespace

void add_weight_commands(CLI::App& app, Globals& globals) {
  CLI::App& import = *app.add_subcommand("import", "Make what others published usable here");
  import.require_subcommand(1);
  import.footer("Example:\n  t2ue import clip --help");
  add_import_clip(import, globals);
  CLI::App& parent = *app.add_subcommand("export", "Write models for other programs");
  parent.require_subcommand(1);
  parent.footer("Example:\n  t2ue export clip --help");
  add_export_clip(parent, globals);
}

}  // namespace t2ue::apps
