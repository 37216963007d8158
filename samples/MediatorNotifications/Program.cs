using Mediator;
using MediatorNotifications;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Statecast.Hosting;
using Statecast.Publishing.Explicit;
using Statecast.Transport.InProcess;

var builder = Host.CreateEmptyApplicationBuilder(null);
builder.Services.AddMediator();
builder.Services.AddSingleton<Diary>();
builder.Services.AddStatecast(
    "lamps",
    s => s.UseInProcess().Publish<LampState>().Replica<LampState>(r => r.InMemory().On<PublishLampChanged>())
);
using var host = builder.Build();
await host.StartAsync();
var states = host.Services.GetRequiredService<IStatePublisher>();
await states.PublishAsync(new LampState("hall", IsLit: true));
await states.PublishAsync(new LampState("hall", IsLit: false));
await states.DeleteAsync<LampState>("hall");
await host.StopAsync();

var lines = host.Services.GetRequiredService<Diary>().Lines;
foreach (var line in lines)
    Console.WriteLine(line);
string[] expected = ["hall is lit", "hall is dark", "hall is gone"];
return lines.SequenceEqual(expected) ? 0 : 1;
