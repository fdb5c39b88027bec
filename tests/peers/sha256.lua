-- An allocation, a channel and what goes through it, with the credentials of RFC 8489: SHA-256 and a username that is
-- hashed. sha256.py judges what was captured.
return {
  title  = "TURN with SHA-256 and a hashed username",
  params = { transport = "udp" },

  world = function ()
    return {
      server = host { services = { "turn" }, turn = { realm = "lab.example", users = { alice = "correct horse" } } },
      bob    = host { services = { "echo" } },
      home   = net { nat = "port-restricted-cone", alice = host {} },
    }
  end,

  run = function (w, p)
    local relay = w.alice:turn { server = w.server, transport = p.transport, username = "alice",
      password = "correct horse" }
    expect(relay):is_not(nil)
    expect(relay:bind(w.bob:at(7))):is(true)
    relay:send("across", w.bob:at(7))
    expect((relay:recv())):is "across"
    expect(relay:refresh "0s"):is(true)
  end,
}
