using Statecast.Codecs.Tests.Python;
using Xunit;

namespace Statecast.Codecs.Tests;

/// <summary>The golden files of Statecast.Tests are what their script writes today: none was put right by hand.</summary>
public sealed class GoldenFilesTests
{
    [Fact]
    public void Script_writes_the_files_that_are_checked_in()
    {
        PythonOracle.Require();
        var checkedIn = Path.Combine(AppContext.BaseDirectory, "Golden");
        var written = Directory.CreateTempSubdirectory("statecast-golden");
        try
        {
            var (code, error) = PythonOracle.Run(Path.Combine(checkedIn, "make-golden.py"), written.FullName);
            Assert.True(code == 0, $"make-golden.py ended with code {code}: {error}");
            var files = written.GetFiles().Select(f => f.Name).Order().ToList();
            Assert.Equal(Directory.GetFiles(checkedIn).Select(f => Path.GetFileName(f)!).Where(IsWritten).Order(), files);
            foreach (var file in files)
                Assert.Equal(File.ReadAllText(Path.Combine(checkedIn, file)), File.ReadAllText(Path.Combine(written.FullName, file)));
        }
        finally
        {
            written.Delete(recursive: true);
        }
    }

    // The schemas are what it reads.
    private static bool IsWritten(string name) => Path.GetExtension(name) is not (".py" or ".avsc");
}
