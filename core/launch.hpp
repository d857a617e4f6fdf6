// One call of one kernel, with its arguments. A plan is a list of these.
#pragma once

#include <cmath>
#include <memory>
#include <vector>

#include <t2ue/core/config.hpp>
#include <t2ue/core/kernels.hpp>

namespace t2ue {

/// How a launch touches a view.
enum class Access : uint8_t { read, write, update };

/// A kernel call whose views may still wait for their addresses.
class Launch {
 public:
  virtual ~Launch() = default;
  virtual void run(const Kernels& kernels, Stream stream) const = 0;
  virtual const char* name() const = 0;
  /// Calls f(View&, Access) for every present view. A gradient that accumulates counts as an update.
  template <class F>
  void visit(F&& f) {
    Visitor<F> visitor(f);
    visit_views(visitor);
  }

 protected:
  class ViewVisitor {
   public:
    virtual ~ViewVisitor() = default;
    template <class... Views>
    void read(Views&... views) {
      (one(views, Access::read), ...);
    }
    template <class... Views>
    void write(Views&... views) {
      (one(views, Access::write), ...);
    }
    template <class... Views>
    void update(Views&... views) {
      (one(views, Access::update), ...);
    }
    template <class... Views>
    void grad(Views&... views) {
      (one(views, views.accumulate ? Access::update : Access::write), ...);
    }

   private:
    void one(View& view, Access access) {
      if (view) visited(view, access);
    }
    virtual void visited(View& view, Access access) = 0;
  };
  virtual void visit_views(ViewVisitor& visitor) = 0;

 private:
  template <class F>
  class Visitor final : public ViewVisitor {
   public:
    explicit Visitor(F& f) : f_(f) {}

   private:
    void visited(View& view, Access access) override { f_(view, access); }
    F& f_;
  };
};

namespace detail {
/// Error that names the op, the types and the shapes for which the backend has an empty slot.
[[noreturn]] void no_kernel(Launch& launch, const Kernels& kernels);
}  // namespace detail

/// The launch of the op that the arguments are of. `name` is what errors call it.
template <class Args>
class LaunchOf final : public Launch {
 public:
  explicit LaunchOf(const Args& args, const char* name = OpOf<Args>::name) : name_(name), args_(args) {}

  void run(const Kernels& kernels, Stream stream) const override {
    const auto kernel = kernels.*OpOf<Args>::slot;
    if (!kernel) {
      LaunchOf copy = *this;  // only a launch of one's own may be visited
      detail::no_kernel(copy, kernels);
    }
    kernel(args_, stream);
  }
  const char* name() const override { return name_; }

 private:
  void visit_views(ViewVisitor& visitor) override { args_.visit(visitor); }

  const char* name_;
  Args args_;
};

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/launch.inl.hpp>
#endif
