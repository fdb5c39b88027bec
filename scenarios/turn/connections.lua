-- TCP through a relay (RFC 6062): the client connects to a peer by way of its relayed address, and a peer to the
-- client; the peer sees the server only. A peer without a permission is turned away.
return {
  title  = "TURN: connections to and from a peer",
  params = { transport = { "tcp", "tls" }, permit = true },

  world = function ()
    return {
      server = host { services = { "turn" } },
      home   = net { nat = "symmetric-random", alice = host {} },
      bob    = host { services = { "echo" } },
    }
  end,

  run = function (w, p)
    local relay = w.alice:turn { server = w.server, transport = p.transport, relay = "tcp" }

    local far = relay:connect(w.bob:at(7))
    far:send(("across"):rep(1000))
    local heard = ""
    while #heard < 6000 do heard = heard .. far:recv() end
    expect(heard):is(("across"):rep(1000))
    far:close()

    if p.permit then relay:permit(w.bob.address) end
    local near = w.bob:tcp { to = relay:address() }
    local stream, who = relay:accept { within = "2s" }
    expect(who):is(near:address())
    if not stream then return end
    stream:send "hello, bob"
    expect(near:recv()):is "hello, bob"
    near:send "hello, alice"
    expect(stream:recv()):is "hello, alice"
    near:close()
    expect((select(2, stream:recv()))):is "closed"

    expect(relay:connect(w.bob:at(81))):is(nil)              -- nobody listens there
    expect(w.bob):saw_nothing("src host " .. w.home.address)
  end,

  twins = { { set = { transport = "tcp", permit = false }, fails = "got timed out" } },
}
