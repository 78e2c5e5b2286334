// Passes what happens in opencode on to `swarm hook opencode`, and does what its reply says. An error of ours never
// stops opencode: then there is no reply.
export const SwarmPlugin = async ({ client, directory }) => {
  const facts = new Map()
  const ask = async (name, session, more = {}) => {
    try {
      const { spawn } = await import("node:child_process")
      const said = await new Promise((resolve) => {
        const child = spawn("swarm", ["hook", "opencode"], { cwd: directory, stdio: ["pipe", "pipe", "ignore"] })
        const limit = setTimeout(() => child.kill(), 10000)
        let text = ""
        child.stdout.on("data", (part) => (text += part))
        child.on("error", () => resolve(""))
        child.on("close", () => (clearTimeout(limit), resolve(text)))
        child.stdin.on("error", () => {})
        child.stdin.end(JSON.stringify({ hook_event_name: name, session_id: session ?? "", cwd: directory, ...more }))
      })
      const reply = said.trim() ? JSON.parse(said) : {}
      if (reply.context && session) facts.set(session, [...(facts.get(session) ?? []), reply.context])
      return reply
    } catch {
      return {}
    }
  }
  return {
    event: async ({ event }) => {
      const about = event.properties ?? {}
      const session = about.sessionID ?? about.info?.id
      if (event.type === "session.error") await ask(event.type, session, { error: about.error })
      if (["session.created", "session.deleted", "permission.asked"].includes(event.type)) await ask(event.type, session)
      if (event.type === "session.idle") {
        const reply = await ask(event.type, session)
        if (reply.go_on)
          await client.session.promptAsync({ path: { id: session }, body: { parts: [{ type: "text", text: reply.go_on }] } })
      }
    },
    "chat.message": async (input) => void (await ask("chat.message", input.sessionID)),
    "tool.execute.before": async (input, output) => {
      const reply = await ask("tool.execute.before", input.sessionID, { tool: input.tool, args: output.args })
      if (reply.deny) throw new Error(reply.deny)
    },
    "tool.execute.after": async (input, output) => {
      await ask("tool.execute.after", input.sessionID, {
        tool: input.tool,
        args: input.args,
        output: String(output.output ?? "").slice(-4000),
        exit_status: output.metadata?.exit,
      })
    },
    "experimental.chat.system.transform": async (input, output) => {
      const told = facts.get(input.sessionID) ?? []
      facts.delete(input.sessionID)
      output.system.push(...told)
    },
  }
}
