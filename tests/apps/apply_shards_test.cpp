// What `t2ue apply` and `audit` do with shards: of noise, and of pictures; and noise for each caption.
#include "apps/shards.hpp"

#include <t2ue/data/records/tar_shard.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/noise/manifest.hpp>

namespace {

using namespace t2ue;
using namespace t2ue::testing_apps;
using namespace t2ue::testing_data;
using testing::AllOf;
using testing::HasSubstr;

TEST(NoiseShards, AreAppliedToPicturesInShardsAndAudited) {
  const auto folder = fresh_folder();
  Image first = random_image(9, 7, 3, 100);
  first.icc = {1, 2, 3};
  first.exif = exif_block(6);
  first.orientation = 6;
  for (const int shard : {0, 1}) {
    ShardWriter writer(folder / concat("set-", shard, shard == 0 ? ".tar" : ".tar.gz"));
    for (int i = 0; i < 10; ++i) {
      const int number = shard * 10 + i;
      const Image picture = number == 0 ? first : random_image(8, 8, 3, static_cast<uint64_t>(number));
      writer.add(
          {concat('t', number),
           {{"png", encode_png(picture)}, {"txt", bytes_of(concat("red cat ", number, "\nsecond\n"))}}});
    }
    writer.commit();
  }
  const auto untouched = contents(folder);
  const std::string pattern = (folder / "set-{0..0}.tar").string(), both = folder.string();
  ASSERT_EQ(program(shards(both, folder / "noise")).code, 0);
  const Ended applied = program(
      {"apply", "--pictures", both, "--noise", folder / "noise", "--out", folder / "protected", "--json"});
  ASSERT_EQ(applied.code, 0) << applied.err;
  EXPECT_EQ(applied.json().at("applied"), 20);
  const Image saved = load_image(folder / "protected/t0.png");
  EXPECT_EQ(saved.icc, first.icc);
  EXPECT_EQ(saved.exif, first.exif);
  EXPECT_EQ(saved.orientation, 6);
  const Words audit{"audit", "--originals", both, "--protected", folder / "protected", "--json"};
  const Ended audited = program(audit);
  EXPECT_EQ(audited.code, 0) << audited.out;
  EXPECT_EQ(audited.json().at("pictures"), 20);
  EXPECT_EQ(audited.json().at("missing"), 0);
  EXPECT_EQ(audited.json().at("unchanged"), 0);
  EXPECT_EQ(program(audit + Words{"--eps", "1"}).code, 1);

  // One noise a caption: each picture is written once for each of its captions.
  ASSERT_EQ(program(shards(pattern, folder / "each", {"--per", "caption", "--latent", "item"})).code, 0);
  EXPECT_EQ(nlohmann::json::parse(read_text(folder / "each/manifest.json")).at("per"), "caption");
  const Ended rows = program(
      {"apply", "--pictures", pattern, "--noise", folder / "each", "--out", folder / "rows", "--json"});
  ASSERT_EQ(rows.code, 0) << rows.err;
  EXPECT_EQ(rows.json().at("applied"), 20);
  const auto pairs = read_pairs_folder(folder / "rows");
  EXPECT_EQ(pairs[1].key, "t0#2");
  EXPECT_EQ(pairs[1].captions, (Words{"second"}));
  const Ended rows_audited =
      program({"audit", "--originals", pattern, "--protected", folder / "rows", "--json"});
  EXPECT_EQ(rows_audited.code, 0) << rows_audited.out;
  EXPECT_EQ(rows_audited.json().at("missing"), 0);

  // A damaged noise is found before it is added.
  const Path chunk = chunk_path(folder / "noise", 0, 0);
  std::string bytes = read_text(chunk);
  const NoiseShard shard(chunk, read_shard_recipe(folder / "noise").noise);
  const Noise noise = shard.noise(0);
  const size_t at =
      bytes.find(std::string(reinterpret_cast<const char*>(noise.steps.data()), noise.steps.size()));
  ASSERT_NE(at, std::string::npos);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  write_file(chunk, std::string_view(bytes));
  const Ended refused = program(
      {"apply", "--pictures", both, "--noise", folder / "noise", "--out", folder / "again", "--skip-bad"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("000000.safetensors"), HasSubstr("checksum")));
  for (const auto& [name, text] : untouched) EXPECT_EQ(read_text(folder / name), text) << name;
}

TEST(NoisePer, CaptionIsAlsoForTheNoiseCommand) {
  const auto folder = fresh_folder();
  write_file(folder / "list.csv", std::string_view("key,caption\na,red cat\na,blue dog\nb,green sun\n"));
  const Words words{"noise",
                    "--generator",
                    Workshop::get().generator,
                    "--captions",
                    folder / "list.csv",
                    "--out",
                    folder / "noise",
                    "--per",
                    "caption"};
  ASSERT_EQ(program(words).code, 0);
  const NoiseManifest manifest = read_noise_manifest(folder / "noise");
  EXPECT_EQ(manifest.recipe.per, NoisePer::caption);
  ASSERT_EQ(manifest.items.size(), 3u);
  EXPECT_EQ(manifest.items[1].key, "a#2");
  EXPECT_EQ(manifest.items[1].caption, "blue dog");
  EXPECT_EQ(program(words + Words{"--labels", "--overwrite"}).code, 2);
}

TEST(NoisePer, PictureFromAllItsCaptions) {
  const auto folder = fresh_folder();
  write_file(folder / "list.csv", std::string_view("key,caption\na,a fish\na,a cat\nb,one bird\nc,a fish\n"
                                                   "d,a bird\ne,no cat\nf,frog\ng,toad\nh,hare\n"));
  const auto noise = [&](const std::string& per) {
    const Words words{"noise",
                      "--method",
                      "keyword_textures",
                      "--size",
                      "8x8",
                      "--captions",
                      folder / "list.csv",
                      "--out",
                      folder / per,
                      "--per",
                      per};
    EXPECT_EQ(program(words).code, 0);
    return read_noise_manifest(folder / per);
  };
  const NoiseManifest all = noise("all-captions"), first = noise("picture");
  EXPECT_EQ(all.recipe.per, NoisePer::all_captions);
  ASSERT_EQ(all.items.size(), 8u);
  EXPECT_EQ(all.items[0].key, "a");
  EXPECT_EQ(all.items[0].caption, "a fish\na cat");
  EXPECT_EQ(all.items[0].sha256, all.items[4].sha256) << "the keyword cat, which comes before fish";
  EXPECT_NE(all.items[0].sha256, all.items[2].sha256);
  EXPECT_EQ(first.items[0].sha256, first.items[2].sha256) << "a fish";
  EXPECT_EQ(program({"noise-shards", "--generator", Workshop::get().generator, "--captions",
                     folder / "list.csv", "--out", folder / "shards", "--per", "all-captions"})
                .code,
            2);
}

}  // namespace
