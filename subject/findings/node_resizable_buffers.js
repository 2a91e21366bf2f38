// node_resizable_buffers: a buffer that can grow is in no count of buffers.
//
// node node_resizable_buffers.js          Status 1: the defect shows.
const before = process.memoryUsage();
const buffer = new ArrayBuffer(32 << 20, { maxByteLength: 64 << 20 });
const made = process.memoryUsage();
buffer.resize(64 << 20);
const grown = process.memoryUsage();
console.log(
    `32 MiB, then ${buffer.byteLength} bytes: arrayBuffers ${before.arrayBuffers}, ${made.arrayBuffers}, ` +
        `${grown.arrayBuffers}; external ${before.external}, ${made.external}, ${grown.external}`
);
process.exit(grown.arrayBuffers - before.arrayBuffers < buffer.byteLength ? 1 : 0);
