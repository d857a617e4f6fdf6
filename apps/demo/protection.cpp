// One row of the demo: noise files, protected pictures, and their audit, as the commands `t2ue noise`,
// `apply` and `audit` would make them.
#include <t2ue/core/folders.hpp>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/methods/random_sign.hpp>
#include <t2ue/methods/shuffled.hpp>
#include <t2ue/noise/protect_folder.hpp>

#include "demo.hpp"

namespace t2ue::apps {

namespace {
std::string folder_name(std::string name) {
  for (char& c : name)
    if (c == ' ') c = '-';
  return name;
}

/// The headline metrics at the selected epoch: "Hit@10 I2T 13.7, Hit@10 T2I 13.8".
std::string headlines(const std::vector<Metric>& metrics, const VictimRun& victim) {
  std::string text;
  const std::vector<double>& scores = victim.epochs[victim.selected()].scores;
  for (size_t m = 0; m < metrics.size(); ++m)
    if (metrics[m].headline)
      text += concat(text.empty() ? "" : ", ", metrics[m].name, " ",
                     format_number(scores[m], metrics[m].decimals));
  return text;
}
}  // namespace

void Demo::add_clean_row(DemoPart& part,
                         const std::function<VictimRun(const PairDataset&, const std::string&)>& victim) {
  lines_.start(part.title + ", clean", "train a victim on the pictures as they are");
  DemoRow row;
  row.name = "clean";
  row.victim = victim(train_, "victim clean");
  lines_.end(headlines(part.metrics, row.victim));
  part.rows.push_back(std::move(row));
}

DemoRow Demo::protect(const std::string& part, const std::string& name, RowKind kind, int eps_steps,
                      NoiseSource& source, const std::vector<NoiseItem>& items, PairDataset& published) {
  const auto started = std::chrono::steady_clock::now();
  const std::string where = concat(part, "/", folder_name(name), "-eps", eps_steps);
  const auto noise_folder = options_.out / "noise" / where, out = options_.out / "published" / where;
  make_folder(noise_folder.parent_path());
  make_folder(out.parent_path());

  const auto total = static_cast<int64_t>(items.size());
  const auto progress = bar(concat("protect ", name, " eps ", eps_steps), 2 * total, "pictures");
  const ProtectedFolder made =
      protect_folder(source, items, recipe_.seed, {options_.out / "pictures" / "google", noise_folder, out},
                     eps_steps, [&](const std::string& what, int64_t done, int64_t) {
                       if (what == "apply") progress->update(done, 0);
                       if (what == "audit") progress->update(total + done, 0);
                     });
  progress->finish();
  DemoRow row;
  row.name = name;
  row.kind = kind;
  row.eps_steps = eps_steps;
  row.audit = made.audit;
  row.measured = MeasuredNoise{static_cast<double>(row.audit->total.max_difference), row.audit->total.psnr(),
                               static_cast<int64_t>(made.distinct_noises)};
  row.protect_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  published = load(out, "load " + name);
  return row;
}

void Demo::add_rows(DemoPart& part, int eps_steps, const std::shared_ptr<NoiseSource>& source,
                    const std::vector<NoiseItem>& items,
                    const std::function<VictimRun(const PairDataset&, const std::string&)>& victim) {
  const std::string folder = folder_name(part.title);
  RandomSign random(recipe_.size, recipe_.size, eps_steps, recipe_.seed);
  Shuffled shuffled(source, items, recipe_.seed);
  const std::vector<std::tuple<std::string, RowKind, NoiseSource*>> rows{
      {"random sign", RowKind::control, &random},
      {"shuffled T2UE", RowKind::control, &shuffled},
      {"T2UE", RowKind::method, source.get()}};
  for (const auto& [name, kind, maker] : rows) {
    lines_.start(concat(part.title, ", ", name, " eps ", eps_steps), "protect, audit, train a victim");
    PairDataset published;
    DemoRow row = protect(folder, name, kind, eps_steps, *maker, items, published);
    row.victim = victim(published, concat("victim ", name, " eps ", eps_steps));
    lines_.end(headlines(part.metrics, row.victim));
    part.rows.push_back(std::move(row));
  }
  if (part.examples.empty())
    part.examples =
        examples(options_.out / "published" / concat(folder, "/T2UE-eps", eps_steps), items, *source);
}

std::vector<PictureExample> Demo::examples(const std::filesystem::path& folder,
                                           const std::vector<NoiseItem>& items, NoiseSource& source) {
  std::vector<PictureExample> chosen;
  const size_t stride = std::max<size_t>(items.size() / 10, 1);
  for (size_t i = stride / 2; i < items.size() && chosen.size() < 10; i += stride) {
    const NoiseItem& item = items[i];
    const Noise noise = resample_noise(source.make({&item, 1})[0], recipe_.size, recipe_.size,
                                       recipe_.generator.bound.resampler);
    Image amplified{recipe_.size, recipe_.size, 3, amplified_noise(noise.steps, 12), {}, {}, 1};
    const std::string file = item.key + ".png";
    chosen.push_back({item.caption, read_file(options_.out / "pictures" / "google" / file),
                      encode_png(amplified), read_file(folder / file)});
  }
  return chosen;
}

}  // namespace t2ue::apps
