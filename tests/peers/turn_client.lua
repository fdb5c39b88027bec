-- Our TURN client and coturn's server, over each transport, with datagrams in channels and without, and with
-- TCP allocations (RFC 6062).
--
-- What coturn 4.6.1 does differently from the RFCs: it knows no PASSWORD-ALGORITHMS and no SHA-256 (RFC 8489), so that
-- our client falls back to MD5 and SHA-1, as a nonce without a cookie allows; its reasons are words of its own.
local ports = { udp = 3478, tcp = 3478, tls = 5349 }

local password = { right = "secret", wrong = "guess" }

return {
  title  = "Our TURN client is served by coturn's turnserver",
  params = {
    transport = { "udp", "tcp", "tls" },
    how       = { "channel", "permission", "connect", "accept" },
    password  = "right",
  },
  needs  = "live",
  twins  = {
    { set = { transport = "udp", how = "channel", password = "wrong" }, fails = "expected across, got nil" },
    { set = { transport = "tls", how = "permission", password = "wrong" }, fails = "expected across, got nil" },
  },

  world = function ()
    return {
      server = host {},
      home   = net { nat = "port-restricted-cone", alice = host {} },
      bob    = host { services = { "echo" } },
    }
  end,

  run = function (w, p)
    local key, cert = "/run/key.pem", "/run/cert.pem"          -- the world's own /run
    local made = w.server:exec { "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-batch",
      "-subj", "/CN=lab", "-days", "2", "-keyout", key, "-out", cert }
    expect(made.status):is(0)
    w.server:start { "turnserver", "-n", "-L", w.server.address, "-E", w.server.address, "--lt-cred-mech",
      "--user", "alice:secret", "--realm", "lab", "--no-cli", "--log-file=stdout",
      "--cert", cert, "--pkey", key, ready = "IO method (admin thread)" }

    local stream = p.how == "connect" or p.how == "accept"
    local relay, why = w.alice:turn { server = w.server:at(ports[p.transport]), transport = p.transport,
      username = "alice", password = password[p.password], relay = stream and "tcp" or "udp" }
    if p.transport == "udp" and stream then
      expect(why):is "400 Wrong Transport Data"              -- RFC 6062, 5.1: over TCP only
      return
    end

    local peer, heard = w.bob:at(7), nil
    if not relay then
      w:log(why)
    elseif p.how == "connect" then
      local far = relay:connect(peer)
      far:send "across"
      heard = far:recv()
    elseif p.how == "accept" then
      relay:permit(w.bob.address)
      local near = w.bob:tcp { to = relay:address() }
      local far, who = relay:accept()
      expect(who):is(near:address())
      near:send "across"
      heard = far:recv()
      far:send "and back"
      expect(near:recv()):is "and back"
    else
      if p.how == "channel" then relay:bind(peer) else relay:permit(w.bob.address) end
      relay:send("across", peer)
      heard = relay:recv()
      expect(relay:refresh()):is(true)
      expect(relay:refresh "0s"):is(true)
    end
    expect(heard):is "across"
  end,
}
