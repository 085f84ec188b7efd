// The Python wheels that carry libtensorflow and its C headers, pinned by their SHA-256. TensorFlow.js's own
// download address answers 403 (github.com/tensorflow/tfjs/issues/8742). Intel Macs end at 2.16.2, and
// Windows packs the C API into a Python module: neither has a line here.
const version = '2.21.0';
const linuxLibraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/** One line a platform, as `process.platform-process.arch`. */
export const wheels = {
  'linux-x64': {
    project: 'tensorflow-cpu',
    version,
    platform: 'manylinux_2_27_x86_64',
    sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
    libraries: linuxLibraries,
    glibc: '2.27',
  },
  'linux-arm64': {
    project: 'tensorflow',
    version,
    platform: 'manylinux_2_27_aarch64',
    sha256: '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
    libraries: linuxLibraries,
    glibc: '2.27',
  },
  'darwin-arm64': {
    project: 'tensorflow',
    version,
    platform: 'macosx_12_0_arm64',
    sha256: '51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88',
    libraries: ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'],
  },
};
