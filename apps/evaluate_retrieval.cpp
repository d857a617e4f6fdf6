// `t2ue evaluate retrieval`
#include "retrieval.hpp"

#include <t2ue/core/folders.hpp>
#include <t2ue/core/unit_rows.hpp>
#include <t2ue/eval/retrieval.hpp>
#include <t2ue/eval/retrieval_export.hpp>
#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/optim/clip_file.hpp>
#include <t2ue/training/features.hpp>

namespace t2ue::apps {

namespace {

/// The captions that take part, with their unit features.
struct Texts {
  std::vector<std::string> captions;
  std::vector<int64_t> owner;
  std::vector<float> features;
};

Texts texts_of(const RetrievalOptions& options, const LoadedClip& clip, const PairDataset& data,
               Device device) {
  CaptionEncoder encoder(clip.config().text, clip.tokenizer, device);
  restore_clip(options.model, encoder.parameters());
  const ProtocolCaptions chosen =
      captions_of_protocol(data.caption_begin, options.protocol, options.caption, options.bootstrap.seed);
  Texts texts;
  texts.owner = chosen.owner;
  for (const int64_t row : chosen.rows) texts.captions.push_back(data.captions[static_cast<size_t>(row)]);
  texts.features = encoder.encode(texts.captions);
  make_unit_rows(texts.features, clip.config().text.embed_dim);
  return texts;
}

/// How many captions the pictures of the data set have, whatever the protocol takes.
struct CaptionCounts {
  int64_t least = 0, most = 0;
  double mean = 0;

  explicit CaptionCounts(const PairDataset& data)
      : least(static_cast<int64_t>(data.captions.size())),
        mean(static_cast<double>(data.captions.size()) / static_cast<double>(data.count())) {
    for (size_t i = 0; i < data.keys.size(); ++i) {
      const int64_t count = data.caption_begin[i + 1] - data.caption_begin[i];
      least = std::min(least, count);
      most = std::max(most, count);
    }
  }
  nlohmann::json json() const { return {{"min", least}, {"max", most}, {"mean", mean}}; }
  std::string text() const {
    if (least == most) return concat(most, most == 1 ? " caption" : " captions", " a picture");
    return concat(least, " to ", most, " captions a picture, ", format_number(mean, 2), " on average");
  }
};

std::string protocol_text(const RetrievalOptions& options) {
  const std::string name(name_of(options.protocol));
  if (options.protocol == RetrievalProtocol::any_hit)
    return name + ": all captions, a picture's rank is its best caption's";
  if (options.caption == CaptionChoice::first) return name + ": every picture's first caption";
  return concat(name, ": a drawn caption of every picture, seed ", options.bootstrap.seed);
}

void add_rows(TextTable& table, const std::string& name, const RetrievalDirection& r) {
  const auto row = [&](const std::string& what, const auto& hit, double median, double mean) {
    std::vector<std::string> cells{what};
    for (size_t k = 0; k < kHitAt.size(); ++k) cells.push_back(hit(k));
    cells.push_back(format_number(median, 1));
    cells.push_back(format_number(mean, 1));
    table.rows.push_back(std::move(cells));
  };
  row(
      concat(name, ", ", r.queries, " among ", r.gallery),
      [&](size_t k) { return with_interval(r.hit[k], r.hit_interval[k]); }, r.median_rank, r.mean_rank);
  const auto plain = [](const std::array<double, 3>& hit) {
    return [&hit](size_t k) { return format_number(hit[k], 1); };
  };
  row("  ties won", plain(r.hit_optimistic), r.median_rank_optimistic, r.mean_rank_optimistic);
  row("  ties lost", plain(r.hit_pessimistic), r.median_rank_pessimistic, r.mean_rank_pessimistic);
  row("  chance", plain(r.chance.hit), r.chance.median_rank, r.chance.mean_rank);
}

std::string describe_retrieval(const RetrievalResult& result, const BootstrapOptions& bootstrap) {
  TextTable table{"", {{"", false}}, {}, {}};
  for (const int64_t k : kHitAt) table.columns.push_back({concat("Hit@", k)});
  table.columns.insert(table.columns.end(), {{"median rank"}, {"mean rank"}});
  add_rows(table, "image to text", result.image_to_text);
  add_rows(table, "text to image", result.text_to_image);
  table.notes = {
      bootstrap_note(bootstrap, "pictures"),
      concat("Queries with a tie at their partner's score: ", format_number(result.image_to_text.tied, 1),
             " % and ", format_number(result.text_to_image.tied, 1),
             " %; they count as a random order of those tied does on average.")};
  return to_text(table);
}

}  // namespace

Result evaluate_retrieval(const RetrievalOptions& options, const Globals& globals) {
  const EvaluationFlags& flags = options;
  const Device device = device_named(flags.device);
  if (!options.export_folder.empty()) make_empty_folder(options.export_folder);
  const LoadedClip clip = load_clip(flags.model, device);
  const ClipConfig& config = clip.config();
  const DatasetIndex index = open_part(flags.data, flags.dataset, flags.skip_bad, "test");
  const LoadedData data = load_data(flags.data, index, clip.tokenizer, config.image_size,
                                    config.text.context_length, flags.skip_bad, globals);
  const Texts texts = texts_of(options, clip, data.pairs, device);
  DatasetPass pictures(data.pairs, image_features(*clip.model), 64, {device});
  const std::vector<float> images = pictures.run();
  const RetrievalResult result =
      retrieval(images, texts.features, config.text.embed_dim, texts.owner, flags.bootstrap, device);

  const CaptionCounts counts(data.pairs);
  nlohmann::json json = evaluation_json(to_json(result), flags, data);
  json.update({{"protocol", name_of(options.protocol)},
               {"caption", options.protocol == RetrievalProtocol::any_hit ? "all" : name_of(options.caption)},
               {"captions", texts.captions.size()},
               {"captions_per_picture", counts.json()}});
  if (!options.export_folder.empty())
    export_retrieval(
        options.export_folder,
        {data.pairs.keys, texts.captions, texts.owner, images, texts.features, config.text.embed_dim, result},
        json);
  return {
      json,
      concat(flags.model, " on ", data.pairs.count(), " pictures of ", flags.data, skipped_text(data.skipped),
             ", ", counts.text(), ", split ", json.at("split").get<std::string>(), "\nprotocol ",
             protocol_text(options), "\n", describe_retrieval(result, flags.bootstrap)),
      0};
}

void add_evaluate_retrieval(CLI::App& evaluate, Globals& globals) {
  const auto options = std::make_shared<RetrievalOptions>();
  CLI::App& command =
      add_command(evaluate, "retrieval",
                  "Hit@1, 5, 10, median and mean rank of image-text retrieval, both ways, beside chance",
                  "evaluate retrieval --model clip.safetensors --data flickr8k --protocol any-hit", globals);
  add_evaluation_flags(command, *options, "Model file of `t2ue train clip`");
  struct Words {
    std::string protocol = "any-hit", caption;
  };
  const auto words = std::make_shared<Words>();
  command
      .add_option("--protocol", words->protocol,
                  "any-hit: all captions, a picture's rank is its best caption's; one-to-one: one caption a "
                  "picture")
      ->check(CLI::IsMember(kind_names<RetrievalProtocol>()))
      ->capture_default_str();
  command
      .add_option("--caption", words->caption,
                  "With one-to-one: every picture's first caption (without this flag) or one drawn by --seed")
      ->check(CLI::IsMember(kind_names<CaptionChoice>()));
  command.add_option("--export", options->export_folder,
                     "New folder for the features of pictures and captions and the rank of every query");
  command.callback([options, words, &globals] {
    options->protocol = kind_named<RetrievalProtocol>(words->protocol);
    if (!words->caption.empty()) {
      if (options->protocol == RetrievalProtocol::any_hit)
        throw BadUsage("[usage] --caption chooses for --protocol one-to-one; any-hit takes all captions");
      options->caption = kind_named<CaptionChoice>(words->caption);
    }
    globals.action = [options, &globals] { return evaluate_retrieval(*options, globals); };
  });
}

}  // namespace t2ue::apps
