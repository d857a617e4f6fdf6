// The program t2ue with a method more: `methods` lists it, `noise --method first_letter` makes its noise, and
// plans of `bench` may have it.
#include <t2ue/program.hpp>

#include "first_letter.hpp"

int main(int argc, char** argv) {
  t2ue::register_method(first_letter_method());
  return t2ue::apps::run(argc, argv);
}
