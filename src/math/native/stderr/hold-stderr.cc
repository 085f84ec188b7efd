// Keeps what the process writes to its standard error for a while. libtensorflow says two lines
// about oneDNN while it is being loaded, before any setting can stop it, and they would stand under
// the first cell of every notebook. src/math/tf.ts holds standard error meanwhile and writes the
// other lines afterwards: nothing is lost.

#include <node_api.h>
#include <stdio.h>
#include <unistd.h>

#include <string>

namespace {

FILE* held = nullptr;
int original = -1;

/** hold(): boolean — from now on standard error goes to an unnamed temporary file. */
napi_value hold(napi_env env, napi_callback_info) {
  bool done = false;
  if (!held && (held = tmpfile())) {
    fflush(stderr);
    original = dup(2);
    done = original >= 0 && dup2(fileno(held), 2) >= 0;
    if (!done) {
      if (original >= 0) close(original);
      fclose(held);
      held = nullptr;
    }
  }
  napi_value result;
  napi_get_boolean(env, done, &result);
  return result;
}

/** release(): string — standard error is itself again; gives what was written meanwhile. */
napi_value release(napi_env env, napi_callback_info) {
  std::string text;
  if (held) {
    fflush(stderr);
    dup2(original, 2);
    close(original);
    rewind(held);
    char part[4096];
    for (size_t n; (n = fread(part, 1, sizeof part, held)) > 0;) text.append(part, n);
    fclose(held);
    held = nullptr;
  }
  napi_value result;
  napi_create_string_utf8(env, text.data(), text.size(), &result);
  return result;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "hold", NAPI_AUTO_LENGTH, hold, nullptr, &function);
  napi_set_named_property(env, exports, "hold", function);
  napi_create_function(env, "release", NAPI_AUTO_LENGTH, release, nullptr, &function);
  napi_set_named_property(env, exports, "release", function);
  return exports;
}
