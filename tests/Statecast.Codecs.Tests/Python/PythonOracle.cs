using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Xunit;

namespace Statecast.Codecs.Tests.Python;

/// <summary>Debian's python3-avro, as one process for many questions (<c>avro_oracle.py</c>).</summary>
internal static class PythonOracle
{
    private const string Interpreter = "/usr/bin/python3";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // Lone surrogates never come; what is not ASCII need not be escaped.
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static bool IsInstalled => Installed.Value;

    /// <summary>Skips the test where the oracle is not installed, which fails a strict run.</summary>
    public static void Require() =>
        Assert.SkipUnless(
            IsInstalled,
            "Debian's python3-avro is not installed for /usr/bin/python3: run ./test as root, or apt-get install python3-avro."
        );

    private static readonly Lazy<bool> Installed = new(() =>
        File.Exists(Interpreter) && Run("-c", "import avro.io, avro.schema") is { ExitCode: 0 }
    );

    public static async Task<Answers> AskAsync(IReadOnlyList<Question> questions)
    {
        var folder = Directory.CreateTempSubdirectory("statecast-oracle");
        try
        {
            var asked = Path.Combine(folder.FullName, "questions");
            var answered = Path.Combine(folder.FullName, "answers");
            await File.WriteAllLinesAsync(asked, questions.Select(q => JsonSerializer.Serialize(q, Json)));
            var (code, error) = await Task.Run(() =>
                Run(Path.Combine(AppContext.BaseDirectory, "Python", "avro_oracle.py"), asked, answered)
            );
            Assert.True(code == 0, $"avro_oracle.py ended with code {code}: {error}");
            var lines = await File.ReadAllLinesAsync(answered);
            var answers = lines[..^1].Select(l => JsonSerializer.Deserialize<Answer>(l, Json)!).ToList();
            Assert.Equal(questions.Count, answers.Count);
            for (var i = 0; i < answers.Count; i++)
                Assert.True(answers[i].Defect is null, $"{answers[i].Defect}\nof {JsonSerializer.Serialize(questions[i], Json)}");
            return new(answers, JsonSerializer.Deserialize<SortedDictionary<string, int>>(lines[^1])!);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Runs the interpreter to its end.</summary>
    public static (int ExitCode, string Error) Run(params string[] arguments)
    {
        using var process =
            Process.Start(new ProcessStartInfo(Interpreter, arguments) { RedirectStandardError = true })
            ?? throw new InvalidOperationException($"{Interpreter} did not start.");
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error);
    }
}

/// <summary>A question: a schema with values, or a pair of schemas with bodies.</summary>
internal sealed record Question(
    string? Schema,
    IReadOnlyList<AskedValue>? Values,
    string? Writer,
    string? Reader,
    IReadOnlyList<string>? Bodies
)
{
    public static Question Of(string schema, IReadOnlyList<AskedValue> values) => new(schema, values, null, null, null);

    public static Question Of(string writer, string reader, IReadOnlyList<string> bodies) => new(null, null, writer, reader, bodies);
}

/// <summary>A state as it was made up, our Avro of it, and our JSON.</summary>
internal sealed record AskedValue(string Json, string Avro, string Ours);

/// <summary>What python-avro says.</summary>
internal sealed record Answer(
    string? Canonical,
    string? Rabin,
    string? Sha256,
    IReadOnlyList<ValueAnswer>? Values,
    IReadOnlyList<BodyAnswer>? Bodies,
    string? Defect
);

/// <summary>Its bytes of a value, whether it reads ours as the same, and whether our JSON is the same.</summary>
internal sealed record ValueAnswer(string Avro, bool Reads, bool Says);

/// <summary>A body in the reader's schema, or why there is none.</summary>
internal sealed record BodyAnswer(string? Avro, string? Cannot);

/// <summary>What python-avro says, question by question, and its faults that were met on the way, with counts.</summary>
internal sealed record Answers(IReadOnlyList<Answer> All, SortedDictionary<string, int> Faults);
