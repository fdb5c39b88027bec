-- Real programs run in a host as they would anywhere. Here a shell on Alice's machine asks a server for a greeting,
-- by TCP, through her NAT.
return {
  title  = "A program in a host",
  needs  = "live",
  params = { nat = "port-restricted-cone" },

  world = function (p)
    return {
      server = host { link = { delay = "10ms" } },
      home   = net { nat = p.nat, alice = host {} },
    }
  end,

  run = function (w)
    local listener = w.server:listen { port = 80 }
    w:spawn(function ()
      local visitor = listener:accept { within = "5s" }
      if not visitor then return end
      visitor:send "hello from the server\n"
      visitor:close()
    end)
    local shell = w.alice:exec { "bash", "-c", "cat < /dev/tcp/$0/80", w.server.address, within = "5s" }

    expect(shell.status):is(0)
    expect(shell.output):is "hello from the server\n"
    expect(w.server):saw("tcp and src host " .. w.home.address)
    expect(w.server):saw_nothing("src host " .. w.alice.address)
  end,

  twins = { { set = { nat = "no-nat" }, fails = "expected at least 1, got 0" } },
}
