using System.Diagnostics;
using System.Reflection;
using Shop.Upgrade;

namespace Shop.Running;

/// <summary>Runs every service in a process of its own: this executable, started again with the service's role.</summary>
internal sealed class ProcessStarter(string directory, ShopCarrier carrier, Action<Role, string> errors) : IServiceStarter
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public async Task<IRunningService> StartAsync(Role role, Generation generation, CancellationToken ct)
    {
        var process = new Process { StartInfo = CommandFor(role, generation) };
        process.ErrorDataReceived += (_, line) =>
        {
            if (!string.IsNullOrEmpty(line.Data))
                errors(role, line.Data);
        };
        process.Start();
        process.BeginErrorReadLine();
        var running = new Running(role, process);
        try
        {
            var url = await process.StandardOutput.ReadLineAsync(ct).AsTask().WaitAsync(Patience, ct);
            running.Url = url is null ? throw new InvalidOperationException(await running.Ended) : new(url);
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    private ProcessStartInfo CommandFor(Role role, Generation generation)
    {
        var executable = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this executable is not known.");
        var command = new ProcessStartInfo(executable)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Started as "dotnet Shop.dll", the executable is the runtime and wants the assembly's path first.
        if (Path.GetFileNameWithoutExtension(executable) == "dotnet")
            command.ArgumentList.Add(Assembly.GetExecutingAssembly().Location);
        foreach (
            var argument in (string[])["--role", RoleHost.NameOf(role), "--generation", Generations.NameOf(generation), "--data", directory]
        )
            command.ArgumentList.Add(argument);
        foreach (var argument in carrier.Arguments)
            command.ArgumentList.Add(argument);
        return command;
    }

    private sealed class Running : IRunningService
    {
        private readonly Process _process;
        private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile bool _asked;

        public Running(Role role, Process process)
        {
            _process = process;
            _ = WatchAsync(role);
        }

        public Uri Url { get; set; } = null!;

        public Task<string> Ended => _ended.Task;

        public async Task StopAsync(CancellationToken ct)
        {
            _asked = true;
            _process.StandardInput.Close();
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
            patience.CancelAfter(Patience);
            await _process.WaitForExitAsync(patience.Token);
            if (_process.ExitCode != 0)
                throw new InvalidOperationException(
                    $"The process of a service ended with code {_process.ExitCode} when it was asked to stop."
                );
        }

        /// <summary>SIGKILL: nothing in the process runs any more.</summary>
        public async Task KillAsync()
        {
            _asked = true;
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        public async ValueTask DisposeAsync()
        {
            _asked = true;
            if (!_process.HasExited)
                await KillAsync();
            _process.Dispose();
        }

        private async Task WatchAsync(Role role)
        {
            await _process.WaitForExitAsync();
            if (!_asked)
                _ended.TrySetResult($"The process of {RoleHost.NameOf(role)} ended by itself with code {_process.ExitCode}.");
        }
    }
}
