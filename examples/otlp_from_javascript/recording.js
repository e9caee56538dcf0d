// Tasks and steps of any agent, sent to otel-steps with the OpenTelemetry SDK.
import { createHash, randomUUID } from "node:crypto";
import { ROOT_CONTEXT, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

export class Recording {
  /**
   * @param {{endpoint?: string, token?: string, json?: boolean, service?: string}} options
   *   endpoint: where `otel-steps collect` listens; token: its OTEL_STEPS_TOKEN, if it has one
   */
  constructor({ endpoint = "http://127.0.0.1:4318", token, json = false, service = "agent" } = {}) {
    this.endpoint = endpoint.replace(/\/$/, "");
    this.headers = token ? { Authorization: `Bearer ${token}` } : {};
    const Exporter = json ? JsonExporter : ProtobufExporter;
    const exporter = new Exporter({
      url: `${this.endpoint}/v1/traces`,
      headers: this.headers,
      compression: "gzip",
    });
    this.provider = new NodeTracerProvider({
      resource: resourceFromAttributes({ "service.name": service }),
      spanProcessors: [new BatchSpanProcessor(exporter)],
    });
    this.tracer = this.provider.getTracer("javascript-agent");
  }

  /** Run a task: `run` gets it, and what it returns is the task's result. */
  async task(description, run, { agent = "JavaScript agent", model } = {}) {
    const id = randomUUID();
    const attributes = {
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.agent.name": agent,
      "otel_steps.task.id": id,
      "otel_steps.task.description": description,
    };
    if (model) attributes["gen_ai.request.model"] = model;
    const span = this.tracer.startSpan(`invoke_agent ${agent}`, { attributes }, ROOT_CONTEXT);
    try {
      const result = await run(new Task(this, id, trace.setSpan(ROOT_CONTEXT, span)));
      span.setAttributes({ "otel_steps.task.status": "completed", "otel_steps.task.result": result });
    } catch (error) {
      span.setAttributes({
        "otel_steps.task.status": "failed",
        "otel_steps.task.error_message": String(error),
      });
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
    }
    span.end();
    return id;
  }

  /** Send a picture and return its name; it must be there before the span that names it ends. */
  async upload(picture) {
    const sha256 = createHash("sha256").update(picture).digest("hex");
    const answer = await fetch(`${this.endpoint}/v1/screenshots/${sha256}`, {
      method: "PUT",
      headers: this.headers,
      body: picture,
    });
    if (!answer.ok) throw new Error(`the picture was not taken: ${await answer.text()}`);
    return sha256;
  }

  /** Send what is left. */
  async shutdown() {
    await this.provider.shutdown();
  }
}

class Task {
  constructor(recording, id, context) {
    this.recording = recording;
    this.id = id;
    this.context = context;
    this.steps = 0;
  }

  /**
   * Run a step: `act` does what `action` says and returns what came of it.
   *
   * @param {{thinking?: string, action: object, app?: string, screenshot?: Uint8Array}} what
   */
  async step({ thinking, action, app, screenshot }, act) {
    this.steps += 1;
    const attributes = {
      "otel_steps.task.id": this.id,
      "otel_steps.step.number": this.steps,
      "otel_steps.step.type": "action",
      "otel_steps.step.action": JSON.stringify(action),
      "otel_steps.step.action.name": action.action,
    };
    if (thinking) attributes["otel_steps.step.thinking"] = thinking;
    if (app) attributes["otel_steps.step.app"] = app;
    const span = this.recording.tracer.startSpan("step", { attributes }, this.context);
    try {
      if (screenshot) {
        span.setAttribute("otel_steps.screenshot.sha256", await this.recording.upload(screenshot));
      }
      const result = await act();
      span.setAttributes({
        "otel_steps.step.success": true,
        "otel_steps.step.action_result": JSON.stringify(result),
      });
      return result;
    } catch (error) {
      span.setAttributes({
        "otel_steps.step.success": false,
        "otel_steps.step.error_kind": "action_error",
        "otel_steps.step.error_message": String(error),
      });
      span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
      throw error;
    } finally {
      span.end();
    }
  }
}
