// An agent of three steps. Start `otel-steps collect` first, then: npm ci && npm start
import { Recording } from "./recording.js";
import { screen } from "./screen.js";

const recording = new Recording({
  endpoint: process.env.OTEL_EXPORTER_OTLP_ENDPOINT,
  token: process.env.OTEL_STEPS_TOKEN,
  json: process.env.OTEL_EXPORTER_OTLP_PROTOCOL === "http/json",
});

const id = await recording.task(
  "打开相机，拍一张照片",
  async (task) => {
    await task.step(
      {
        thinking: "当前在桌面，先打开相机。",
        action: { action: "Launch", app: "Camera" },
        app: "System Home",
        screenshot: screen([40, 90, 200]),
      },
      () => ({ success: true }),
    );
    await task.step(
      {
        thinking: "The shutter is at the bottom.",
        action: { action: "Tap", element: [500, 880] },
        app: "Camera",
        screenshot: screen([30, 30, 30]),
      },
      () => ({ success: true }),
    );
    await task.step(
      {
        thinking: "Is the picture in the gallery?",
        action: { action: "Launch", app: "Gallery" },
        app: "Camera",
        screenshot: screen([200, 160, 40]),
      },
      () => {
        throw new Error("App not found: Gallery");
      },
    );
    return "done";
  },
  { model: "autoglm-phone-9b" },
);
await recording.shutdown();
console.log(id);
