-- Dual allocations (RFC 8656, 7.2) and coturn 4.6.1, which knows ADDITIONAL-ADDRESS-FAMILY by another number, 0x8032,
-- than the registered one, 0x8000. So its server gives our client IPv4 alone, as to whoever asks for what it does not
-- know; and its client, turnutils_uclient -Z, gets both of our server where that is to be as of old, else IPv4 alone.
return {
  title  = "Dual allocations, with coturn on the other side",
  needs  = "live",
  params = { who = { "our client", "uclient, of old" } },
  twins  = { { set = { who = "uclient" }, fails = "expected all, got no" } },

  world = function (p)
    local old = p.who == "uclient, of old"
    return {
      server = host {
        address6 = "2b00:1:1::2",
        services = p.who ~= "our client" and { "turn" } or nil,
        turn     = { users = { alice = "secret" }, rfc5389 = old },
      },
      alice = host {},
      bob   = host { services = { "echo" } },
    }
  end,

  run = function (w, p)
    if p.who == "our client" then
      w.server:start { "turnserver", "-n", "-L", w.server.address, "-E", w.server.address, "-L", w.server.address6,
        "-E", w.server.address6, "--lt-cred-mech", "--user", "alice:secret", "--realm", "lab", "--no-cli", "--no-tls",
        "--no-dtls", "--log-file=stdout", "--pidfile=/run/turnserver.pid", ready = "IO method (admin thread)" }
      local relay = w.alice:turn { server = w.server, username = "alice", password = "secret", both = true }
      expect(relay and relay:address():match "^[%d.]+"):is(w.server.address)
      expect(relay and relay:address6()):is(nil)
      relay:permit(w.bob.address)
      relay:send("across", w.bob:at(7))
      expect((relay:recv { within = "1s" })):is "across"
      return
    end

    -- By IPv4 to the server, and from its IPv6 address on.
    w.bob:start { "turnutils_peer", "-L", w.bob.address6, "-p", "3480" }
    local went = w.alice:exec { "turnutils_uclient", "-v", "-Z", "-s", "-u", "alice", "-w", "secret",
      "-e", w.bob.address6, "-n", "3", "-m", "1", w.server.address }
    expect(went.output:match "Total lost packets 0 " and "all" or went.output:match "error %d+[^\n]*" or "no"):is "all"
    expect(w.bob):saw_at_least(3, "ip6 and udp and src host " .. w.server.address6 .. " and dst port 3480")
  end,
}
