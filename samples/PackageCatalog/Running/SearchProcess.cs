using System.Diagnostics;
using System.Net.Http.Json;
using System.Reflection;
using PackageCatalog.Search;

namespace PackageCatalog.Running;

/// <summary>The search service from outside: a process of its own, asked over HTTP.</summary>
internal sealed class SearchProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Process _process;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromMinutes(10) };

    private SearchProcess(Process process) => _process = process;

    public int Id => _process.Id;

    /// <summary>Starts this executable again, as the search service.</summary>
    /// <param name="files">The run's files.</param>
    /// <param name="errors">Told what the process writes to standard error.</param>
    /// <param name="ct">Ends the wait for it.</param>
    public static async Task<SearchProcess> StartAsync(CatalogFiles files, Action<string> errors, CancellationToken ct)
    {
        var process = new Process { StartInfo = Command(files) };
        process.ErrorDataReceived += (_, line) =>
        {
            if (!string.IsNullOrEmpty(line.Data))
                errors(line.Data);
        };
        process.Start();
        process.BeginErrorReadLine();
        var search = new SearchProcess(process);
        try
        {
            var url = await process.StandardOutput.ReadLineAsync(ct).AsTask().WaitAsync(Patience, ct);
            search._http.BaseAddress = url is null
                ? throw new InvalidOperationException("The search process ended before it said where it listens.")
                : new(url);
            return search;
        }
        catch
        {
            await search.DisposeAsync();
            throw;
        }
    }

    /// <summary>The inside: says its address on standard output, and stops when its standard input ends, so also when its parent is gone.</summary>
    public static async Task<int> ServeAsync(CatalogFiles files)
    {
        await using var app = SearchService.Build(files, new LineLoggerProvider(Console.Error.WriteLine));
        await app.StartAsync();
        Console.WriteLine(app.Urls.First());
        while (await Console.In.ReadLineAsync() is not null) { }
        await app.StopAsync();
        return 0;
    }

    public async Task<SearchStatus> StatusAsync(CancellationToken ct) =>
        await _http.GetFromJsonAsync<SearchStatus>("statecast", ct)
        ?? throw new InvalidOperationException("The search service told nothing of its status.");

    /// <summary>Returns when the replica holds all that its source had committed before the call.</summary>
    public async Task WhenIdleAsync(CancellationToken ct)
    {
        using var response = await _http.PostAsync(new Uri("statecast/idle", UriKind.Relative), null, ct);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>The names of a section's packages.</summary>
    public Task<List<string>> SectionAsync(string section, CancellationToken ct) => NamesAsync($"sections/{section}", ct);

    /// <summary>The names of the packages that depend on one.</summary>
    public Task<List<string>> DependentsAsync(string name, CancellationToken ct) =>
        NamesAsync($"dependents/{Uri.EscapeDataString(name)}", ct);

    /// <summary>Stops the process in good order.</summary>
    public async Task StopAsync(CancellationToken ct)
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(ct).WaitAsync(Patience, ct);
        if (_process.ExitCode != 0)
            throw new InvalidOperationException($"The search process ended with code {_process.ExitCode}.");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        _process.Dispose();
        _http.Dispose();
    }

    private async Task<List<string>> NamesAsync(string path, CancellationToken ct) =>
        await _http.GetFromJsonAsync<List<string>>(path, ct) ?? throw new InvalidOperationException($"{path} was answered with nothing.");

    private static ProcessStartInfo Command(CatalogFiles files)
    {
        var executable = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this executable is not known.");
        var command = new ProcessStartInfo(executable)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Started as "dotnet PackageCatalog.dll", the executable is the runtime and wants the assembly's path first.
        if (Path.GetFileNameWithoutExtension(executable) == "dotnet")
            command.ArgumentList.Add(Assembly.GetExecutingAssembly().Location);
        foreach (var argument in (string[])["--role", "search", "--data", files.Directory])
            command.ArgumentList.Add(argument);
        foreach (var argument in files.Arguments)
            command.ArgumentList.Add(argument);
        return command;
    }
}
