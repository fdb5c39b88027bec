-- What a program finds in its host: the others by their names, seen from where it is; and how it is waited for.
local ready = {
  port      = function () return 7000 end,
  text      = function () return "serving" end,
  condition = function (w) return function () return w.server:exec({ "test", "-e", "/run/up" }).status == 0 end end,
}

local server = [[
import socket, sys
s = socket.create_server(("", 7000))
print("serving", flush=True)
open("/run/up", "w").close()
c, who = s.accept()
c.sendall(who[0].encode())
print("served", file=sys.stderr)
]]

local client = [[
import socket
c = socket.create_connection(("server", 7000))
print(c.recv(100).decode(), end="")
]]

return {
  title  = "Programs find hosts by name, and are waited for until they are ready",
  params = { by = { "port", "text", "condition" }, guest = "home" },
  needs  = "live",
  twins  = { { set = { by = "port", guest = "alice" }, fails = "went.stdout: expected 192.168." } },

  world = function ()
    return {
      server = host {},
      home   = net { nat = "full-cone", alice = host {}, carol = host {} },
    }
  end,

  run = function (w, p)
    local serving = w.server:start { "python3", "-c", server, ready = ready[p.by](w), within = "5s" }
    local went = w.alice:exec { "python3", "-c", client }
    expect(went.stdout):is(w[p.guest].address)
    expect(went.stderr):is ""
    local ended = serving:wait()
    expect(ended.status):is(0)
    expect(ended.stdout):is "serving\n"
    expect(ended.stderr):is "served\n"

    expect(w.alice:exec({ "test", "-e", "/run/up" }).status):is(1)          -- another host's /run
    expect(w.server:exec({ "test", "-e", "/run/up" }).status):is(0)
    local seen = function (from, name) return from:exec({ "getent", "hosts", name }).stdout:match "^%S+" end
    expect(seen(w.server, "alice")):is(w.home.address)
    expect(seen(w.carol, "alice")):is(w.alice.address)
    expect(w.carol:exec({ "sh", "-c", "kill -9 $$" }).signal):is(9)
  end,
}
