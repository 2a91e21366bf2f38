// node_shared_buffers: shared buffers are in arrayBuffers and not in external, which includes it.
//
// node node_shared_buffers.js          Status 1: the defect shows.
const buffer = new SharedArrayBuffer(32 << 20);
const { external, arrayBuffers } = process.memoryUsage();
console.log(`${buffer.byteLength} bytes shared; external ${external}, arrayBuffers ${arrayBuffers}`);
process.exit(external < arrayBuffers ? 1 : 0);
