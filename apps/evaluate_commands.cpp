// `t2ue evaluate`: how well models do on clean pictures.
#include <t2ue/core/ops/ops.hpp>
#include <t2ue/eval/retrieval.hpp>
#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/optim/clip_file.hpp>
#include <t2ue/optim/features.hpp>

#include "datasets.hpp"
#include "retrieval.hpp"
#include "training.hpp"

namespace t2ue::apps {

namespace {

/// Unit text features of every caption, [rows, width], and the picture of each.
struct Texts {
  std::vector<float> features;
  std::vector<int64_t> owner;
};

Texts texts_of(const RetrievalOptions& options, const LoadedClip& clip, const PairDataset& data,
               Device device) {
  CaptionEncoder encoder(clip.config().text, clip.tokenizer, device);
  restore_clip(options.model, encoder.parameters());
  Texts texts{encoder.encode(data.captions), {}};
  const auto width = static_cast<size_t>(clip.config().text.embed_dim);
  for (size_t begin = 0; begin < texts.features.size(); begin += width) {
    const auto row = std::span<float>(texts.features).subspan(begin, width);
    double squares = 0;
    for (const float x : row) squares += double{x} * double{x};
    const double scale = 1.0 / std::max(std::sqrt(squares), 1e-12);
    for (float& x : row) x = static_cast<float>(x * scale);
  }
  for (int64_t i = 0; i < data.count(); ++i)
    texts.owner.insert(texts.owner.end(),
                       static_cast<size_t>(data.caption_begin[static_cast<size_t>(i) + 1] -
                                           data.caption_begin[static_cast<size_t>(i)]),
                       i);
  return texts;
}

std::string fixed(double value) {
  std::ostringstream out;
  out.setf(std::ios::fixed);
  out.precision(1);
  out << value;
  return out.str();
}

std::string describe(const std::string& name, const RetrievalDirection& r) {
  return concat(name, "  Hit@1 ", fixed(r.hit[0]), " %  Hit@5 ", fixed(r.hit[1]), " %  Hit@10 ",
                fixed(r.hit[2]), " % (", fixed(r.hit10_interval.low), " to ", fixed(r.hit10_interval.high),
                ")  median rank ", fixed(r.median_rank), " of ", r.gallery, "\n  chance         Hit@1 ",
                fixed(r.chance.hit[0]), " %  Hit@5 ", fixed(r.chance.hit[1]), " %  Hit@10 ",
                fixed(r.chance.hit[2]), " %  median rank ", fixed(r.chance.median_rank));
}

}  // namespace

Result evaluate_retrieval(const RetrievalOptions& options, const Globals& globals) {
  const Device device = device_named(options.device);
  const LoadedClip clip = load_clip(options.model, device);
  const ClipConfig& config = clip.config();
  const DatasetIndex index = open_part(options.data, options.dataset, options.skip_bad, "test");
  const LoadedData data = load_data(options.data, index, clip.tokenizer, config.image_size,
                                    config.text.context_length, options.skip_bad, globals);
  const Texts texts = texts_of(options, clip, data.pairs, device);
  DatasetPass pictures(data.pairs, image_features(*clip.model), 64, device);
  const RetrievalResult result = retrieval(pictures.run(), texts.features, config.text.embed_dim, texts.owner,
                                           {.seed = options.seed}, device);
  nlohmann::json json = to_json(result);
  json.update({{"model", options.model},
               {"data", options.data},
               {"pictures", data.pairs.count()},
               {"captions", texts.owner.size()},
               {"skipped", data.skipped},
               {"split", split_hash(data.pairs.keys)}});
  return {std::move(json),
          concat(options.model, " on ", data.pairs.count(), " pictures of ", options.data,
                 skipped_text(data.skipped), ":\n  ", describe("image to text", result.image_to_text), "\n  ",
                 describe("text to image", result.text_to_image)),
          0};
}

void add_evaluate_commands(CLI::App& app, Globals& globals) {
  CLI::App& evaluate = *app.add_subcommand("evaluate", "Measure models on clean pictures");
  evaluate.require_subcommand(1);
  evaluate.footer("Example:\n  t2ue evaluate retrieval --help");

  const auto options = std::make_shared<RetrievalOptions>();
  CLI::App& command =
      add_command(evaluate, "retrieval",
                  "Hit@1, 5, 10 and the median rank of image-text retrieval, both ways, beside chance",
                  "evaluate retrieval --model clip.safetensors --data emoji-twitter", globals);
  command.add_option("--model", options->model, "Model file of `t2ue train clip`")->required();
  command.add_option("--data", options->data, dataset_help())->required();
  add_dataset_flags(command, options->dataset);
  add_split_flag(command, options->dataset, "test");
  command.add_flag("--skip-bad", options->skip_bad, "Leave out pictures that cannot be read");
  command.add_option("--seed", options->seed, "Of the bootstrap intervals")->capture_default_str();
  add_device(command, options->device);
  command.callback([options, &globals] {
    globals.action = [options, &globals] { return evaluate_retrieval(*options, globals); };
  });
}

}  // namespace t2ue::apps
